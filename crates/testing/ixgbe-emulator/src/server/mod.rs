//! The out-of-process device.
//!
//! It has three threads: this one answers the VMM, one reads the link, and one lets the device work when the link or the
//! clock has something for it. The device is behind one lock. The reader of the link never takes it, so two devices that
//! send to each other cannot deadlock.

/// Writes a line to standard error. If that fails, because standard error is closed or its disk is full, the device goes
/// on.
macro_rules! tell {
    ($($what:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "ixgbe-emulator: {}", format_args!($($what)*));
    }};
}

mod arguments;
mod backend;
mod connection;
mod device;
mod error;
mod guest;
mod links;
mod pcap;
mod regions;
mod wire;
mod worker;

use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

pub(crate) use self::arguments::Arguments;
use self::backend::Backend;
use self::device::Device;
pub(crate) use self::error::ServerError;
use self::worker::Wakeup;

/// Serves one VMM after the other, without end.
pub(crate) fn serve(arguments: Arguments) -> Result<(), ServerError> {
    let wakeup = Arc::new(Wakeup::default());
    let link = links::open(&arguments.link, &wakeup)?;
    let device = Device::new(&arguments, link, &wakeup)?;
    let device = Arc::new(std::sync::Mutex::new(device));
    worker::start(Arc::clone(&device), wakeup);

    remove_stale(&arguments.socket)?;
    let listener = UnixListener::bind(&arguments.socket)
        .map_err(|error| ServerError::Listen(arguments.socket.clone(), error))?;
    tell!("listening on {}", arguments.socket.display());
    loop {
        let (stream, _) = listener.accept().map_err(ServerError::Accept)?;
        let backend = Backend::new(Arc::clone(&device), arguments.verbose);
        // A VMM that breaks the protocol loses its device, and the next one finds a fresh device. A panic is a bug of
        // the emulator. It ends only the connection, and not the program.
        match catch_unwind(AssertUnwindSafe(|| backend.serve(stream))) {
            Ok(Ok(())) => tell!("the VMM has left"),
            Ok(Err(error)) => tell!("connection lost: {error}"),
            Err(_) => tell!("the device failed; connection closed"),
        }
        backend.leave();
    }
}

/// Removes a socket at `path` on which no server listens, as a killed server leaves it behind. Removes nothing else.
fn remove_stale(path: &Path) -> Result<(), ServerError> {
    let kind = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(_) => return Ok(()),
    };
    if !kind.is_socket() {
        return Err(ServerError::NoSocket(path.to_owned()));
    }
    if UnixStream::connect(path).is_ok() {
        return Err(ServerError::InUse(path.to_owned()));
    }
    std::fs::remove_file(path).map_err(|error| ServerError::Remove(path.to_owned(), error))
}
