//! Cortex-M: the vectors, the reset handler, and semihosting.

use core::arch::{asm, naked_asm};

/// The operation that writes the byte that r1 points to.
const SYS_WRITEC: usize = 0x03;
/// The operation that ends the program with the reason and code that r1 points to.
const SYS_EXIT_EXTENDED: usize = 0x20;
/// The reason that stands for an exit by the program itself.
const APPLICATION_EXIT: u32 = 0x2_0026;

/// Asks the debugger for a semihosting operation.
///
/// # Safety
/// `argument` points to the data that the operation reads.
unsafe fn semihost(operation: usize, argument: *const ()) {
    // SAFETY: handed on. The debugger changes only r0.
    unsafe {
        asm!(
            "bkpt 0xab",
            inlateout("r0") operation => _,
            in("r1") argument,
            options(nostack),
        );
    }
}

pub(super) fn write(text: &str) {
    for byte in text.as_bytes() {
        // SAFETY: the argument points to the byte.
        unsafe { semihost(SYS_WRITEC, (&raw const *byte).cast()) };
    }
}

/// Ends the program.
pub(crate) fn exit(code: u8) -> ! {
    let block = [APPLICATION_EXIT, code.into()];
    loop {
        // SAFETY: the argument points to reason and code.
        unsafe { semihost(SYS_EXIT_EXTENDED, (&raw const block).cast()) };
    }
}

unsafe extern "C" {
    static __stack_top: u8;
}

/// An entry of the vector table.
#[repr(C)]
union Vector {
    stack: *const u8,
    handler: extern "C" fn() -> !,
}

// SAFETY: only the CPU reads the table.
unsafe impl Sync for Vector {}

/// The first 16 entries of the vector table: the top of the stack, the reset handler, and faults, which end the
/// program.
#[unsafe(link_section = ".vectors")]
#[used]
static VECTORS: [Vector; 16] = {
    let mut vectors = [const { Vector { handler: fault } }; 16];
    vectors[0] = Vector {
        stack: &raw const __stack_top,
    };
    vectors[1] = Vector { handler: reset };
    vectors
};

extern "C" fn fault() -> ! {
    write("stopped: a fault\n");
    exit(102)
}

#[cfg(target_abi = "eabihf")]
macro_rules! enable_fpu {
    () => {
        "ldr r0, =0xe000ed88; ldr r1, =0x00f00000; str r1, [r0]; dsb; isb"
    };
}
#[cfg(not(target_abi = "eabihf"))]
macro_rules! enable_fpu {
    () => {
        ""
    };
}

/// Switches the floating-point unit on if there is one, copies the initialised data to RAM, clears the other data,
/// and starts the program.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn reset() -> ! {
    naked_asm!(
        enable_fpu!(),
        "ldr r0, =__data_start",
        "ldr r1, =__data_end",
        "ldr r2, =__data_load",
        "2: cmp r0, r1",
        "bhs 3f",
        "ldr r3, [r2]",
        "str r3, [r0]",
        "adds r0, #4",
        "adds r2, #4",
        "b 2b",
        "3: ldr r0, =__bss_start",
        "ldr r1, =__bss_end",
        "movs r2, #0",
        "4: cmp r0, r1",
        "bhs 5f",
        "str r2, [r0]",
        "adds r0, #4",
        "b 4b",
        "5: bl {start}",
        ".pool",
        start = sym super::start,
    )
}
