//! The serial console, COM1.
//!
//! Lines that start with `@` are for the program that runs the machine; all others for people.

use core::fmt::{self, Write};

use uart_16550::backend::PioBackend;
use uart_16550::{Config, Uart16550};

use crate::sync::Lock;

const COM1: u16 = 0x3f8;

/// `None` until [`init`] has found a port; output before is lost.
static PORT: Lock<Option<Uart16550<PioBackend>>> = Lock::new(None);

/// Finds and sets up the port. A machine without one runs on, mute.
pub(crate) fn init() {
    *PORT.lock() = open();
}

fn open() -> Option<Uart16550<PioBackend>> {
    // SAFETY: COM1 of a PC; `PORT` is the only other user, and `print_fatal` takes over for good.
    let mut port = unsafe { Uart16550::new_port(COM1) }.ok()?;
    port.init(Config::default()).ok()?;
    Some(port)
}

/// Writes to the port, a carriage return before each line feed.
struct Console<'a>(&'a mut Uart16550<PioBackend>);

impl Write for Console<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.0.send_bytes_exact(b"\r\n");
            }
            self.0.send_bytes_exact(line.as_bytes());
        }
        Ok(())
    }
}

/// Prints. `arguments` must not run a domain's code: format into a buffer first.
pub(crate) fn print(arguments: fmt::Arguments<'_>) {
    if let Some(port) = PORT.lock().as_mut() {
        // The console itself never fails; a `Display` that does has said what it could.
        let _ = Console(port).write_fmt(arguments);
    }
}

/// Prints on the way to the end: does not wait for whoever holds the console, since that may be the
/// one who failed.
pub(crate) fn print_fatal(arguments: fmt::Arguments<'_>) {
    if let Some(port) = open().as_mut() {
        let _ = Console(port).write_fmt(arguments);
    }
}

/// Prints a line to the console.
#[macro_export]
macro_rules! println {
    ($($argument:tt)*) => {
        $crate::console::print(format_args!("{}\n", format_args!($($argument)*)))
    };
}

/// Prints a line on the way to the end, whoever holds the console.
#[macro_export]
macro_rules! println_fatal {
    ($($argument:tt)*) => {
        $crate::console::print_fatal(format_args!("{}\n", format_args!($($argument)*)))
    };
}
