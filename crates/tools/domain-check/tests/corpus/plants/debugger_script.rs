//@ rules: unknown-attribute
//@ says: attribute debugger_visualizer
#![no_std]
#![forbid(unsafe_code)]
#![debugger_visualizer(gdb_script_file = "gdb.py")]
//@ file: src/gdb.py
