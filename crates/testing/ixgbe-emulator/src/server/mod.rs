//! The out-of-process device.
//!
//! The program has three threads. The main thread answers the VMM. One thread reads the link. One thread (the worker)
//! lets the device work when a frame has arrived or a time has come. One lock protects the device. The thread that
//! reads the link never takes this lock, so two emulators that send to each other cannot deadlock.

/// Writes a line to standard error. If the write fails, for example because standard error is closed or its disk is
/// full, the error is ignored.
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
        // A VMM that breaks the protocol loses its connection, and the next VMM finds the device as after power-on. A
        // panic would be a bug of the emulator. It ends only the connection and not the program.
        match catch_unwind(AssertUnwindSafe(|| backend.serve(stream))) {
            Ok(Ok(())) => tell!("the VMM has left"),
            Ok(Err(error)) => tell!("connection lost: {error}"),
            Err(_) => tell!("the device failed; connection closed"),
        }
        backend.leave();
    }
}

/// Removes the socket at `path` if no server listens on it, because a killed server leaves its socket behind. Any
/// other file at `path` is left alone, and is an error.
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
