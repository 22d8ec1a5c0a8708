//! The serial console, COM1.
//!
//! Lines that start with `@` are for the program that runs the machine, all others for people.

use core::fmt::{self, Write};

use uart_16550::backend::PioBackend;
use uart_16550::{Config, Uart16550};

use crate::sync::Lock;

const COM1: u16 = 0x3f8;

/// The port. `None` until [`init`] has found one; output before that is lost.
static PORT: Lock<Option<Uart16550<PioBackend>>> = Lock::new(None);

/// Finds the port and sets it up. A machine without a port runs on and prints nothing.
pub(crate) fn init() {
    *PORT.lock() = open();
}

fn open() -> Option<Uart16550<PioBackend>> {
    // SAFETY: this is COM1 of a PC. Only `PORT` uses it, until the kernel fails and `print_fatal` takes the port
    // over.
    let mut port = unsafe { Uart16550::new_port(COM1) }.ok()?;
    port.init(Config::default()).ok()?;
    Some(port)
}

/// Writes to the port, with a carriage return before each line feed.
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

/// Prints `arguments` under the console's lock. Formatting `arguments` must not run code of a domain. The caller
/// formats a domain's values into a buffer first.
pub(crate) fn print(arguments: fmt::Arguments<'_>) {
    if let Some(port) = PORT.lock().as_mut() {
        // The console itself never fails. If a `Display` fails, the text that it has written so far stays printed.
        let _ = Console(port).write_fmt(arguments);
    }
}

/// Prints for a kernel that is about to stop. It does not wait for the console's lock, since the failed thread may
/// hold the lock.
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

/// Prints a line for a kernel that is about to stop, without waiting for the console's lock.
#[macro_export]
macro_rules! println_fatal {
    ($($argument:tt)*) => {
        $crate::console::print_fatal(format_args!("{}\n", format_args!($($argument)*)))
    };
}
