//! The domains of a scene: a disk, a file service on the disk, and clients of the file service.

use crate::area::sleepers;
use samara_domain::{Exchangeable, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::pad_until;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

/// Size in bytes of a value that cannot be moved when the stack is nearly used up.
const LARGE: usize = 16 << 10;

type Large = [u8; LARGE];

#[interface]
pub(super) trait Disk {
    fn read(&self) -> Result<u32, RpcError>;
    /// Claims the port. Fails if another claim exists.
    fn claim(&self) -> Result<Proxy<dyn Port>, RpcError>;
    fn crash(&self) -> Result<u32, RpcError>;
    /// Stays inside until the host wakes the thread.
    fn stay(&self, place: usize) -> Result<u32, RpcError>;
}

#[interface]
pub(super) trait Port {}

#[interface]
pub(super) trait Files {
    /// Reads from the disk.
    #[replay]
    fn mount(&self, volume: u32) -> Result<u32, RpcError>;
    #[replay]
    fn note(&self, data: Large) -> Result<u32, RpcError>;
    #[replay]
    fn open(&self, name: Large) -> Result<Proxy<dyn File>, RpcError>;
    #[idempotent]
    fn recorded(&self) -> Result<u32, RpcError>;
    fn take(&self, data: Large) -> Result<u32, RpcError>;
    fn give(&self) -> Result<Large, RpcError>;
    fn stay(&self, place: usize) -> Result<u32, RpcError>;
}

#[interface]
pub(super) trait File {
    #[idempotent]
    fn at(&self) -> Result<u32, RpcError>;
}

/// A client's request to the file service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub(super) enum Request {
    Mount,
    Note,
    /// Opens a file and keeps it.
    Open,
    /// Uses the file.
    At,
    Recorded,
    Take,
    Give,
}

#[interface]
pub(super) trait Client {
    /// Uses up `below` bytes of stack, then makes the request `times` times, and returns the last answer.
    fn ask(&self, request: Request, times: u32, below: usize) -> Result<u32, RpcError>;
}

#[derive(Default)]
pub(super) struct Reading(Arc<AtomicBool>);

struct Claimed(Arc<AtomicBool>);

impl Port for Claimed {}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}

impl Disk for Reading {
    fn read(&self) -> Result<u32, RpcError> {
        Ok(1)
    }
    fn claim(&self) -> Result<Proxy<dyn Port>, RpcError> {
        if self.0.swap(true, SeqCst) {
            return Err(RpcError::RecoveryFailed);
        }
        Proxy::export(Claimed(Arc::clone(&self.0))).map_err(|(error, _)| error.into())
    }
    fn crash(&self) -> Result<u32, RpcError> {
        panic!("asked to")
    }
    fn stay(&self, place: usize) -> Result<u32, RpcError> {
        sleepers::sleep(place);
        Ok(1)
    }
}

pub(super) fn disk((): ()) -> Result<Reading, RpcError> {
    Ok(Reading::default())
}

/// The call to the disk that the `init` of the file service makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub(super) enum Needs {
    Nothing,
    Read,
    Claim,
}

pub(super) struct Serving {
    disk: Shadow<dyn Disk>,
    recorded: AtomicU32,
    _port: Option<Proxy<dyn Port>>,
}

impl Serving {
    fn count(&self) -> u32 {
        self.recorded.fetch_add(1, SeqCst) + 1
    }
}

struct Opened;

impl File for Opened {
    fn at(&self) -> Result<u32, RpcError> {
        Ok(1)
    }
}

impl Files for Serving {
    fn mount(&self, _: u32) -> Result<u32, RpcError> {
        self.disk.read()?;
        Ok(self.count())
    }
    fn note(&self, data: Large) -> Result<u32, RpcError> {
        black_box(&data);
        Ok(self.count())
    }
    fn open(&self, name: Large) -> Result<Proxy<dyn File>, RpcError> {
        black_box(&name);
        Proxy::export(Opened).map_err(|(error, _)| error.into())
    }
    fn recorded(&self) -> Result<u32, RpcError> {
        Ok(self.recorded.load(SeqCst))
    }
    fn take(&self, data: Large) -> Result<u32, RpcError> {
        Ok(data[7].into())
    }
    fn give(&self) -> Result<Large, RpcError> {
        Ok([1; LARGE])
    }
    fn stay(&self, place: usize) -> Result<u32, RpcError> {
        sleepers::sleep(place);
        Ok(1)
    }
}

pub(super) fn files((disk, needs): (Shadow<dyn Disk>, Needs)) -> Result<Serving, RpcError> {
    let port = match needs {
        Needs::Nothing => None,
        Needs::Read => {
            disk.read()?;
            None
        }
        Needs::Claim => Some(disk.claim()?),
    };
    Ok(Serving {
        disk,
        recorded: AtomicU32::new(0),
        _port: port,
    })
}

pub(super) struct Asking {
    files: Shadow<dyn Files>,
    file: Mutex<Option<Arc<Proxy<dyn File>>>>,
}

impl Asking {
    #[inline(never)]
    fn note(&self) -> Result<u32, RpcError> {
        self.files.note([1; LARGE])
    }
    #[inline(never)]
    fn open(&self) -> Result<u32, RpcError> {
        let file = Arc::new(self.files.open([1; LARGE])?);
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(1)
    }
    #[inline(never)]
    fn take(&self) -> Result<u32, RpcError> {
        self.files.take([1; LARGE])
    }
    #[inline(never)]
    fn give(&self) -> Result<u32, RpcError> {
        Ok(self.files.give()?[7].into())
    }
    #[inline(never)]
    fn at(&self) -> Result<u32, RpcError> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = file.clone();
        file.ok_or(RpcError::Dead)?.at()
    }
    fn once(&self, request: Request) -> Result<u32, RpcError> {
        match request {
            Request::Mount => self.files.mount(1),
            Request::Note => self.note(),
            Request::Open => self.open(),
            Request::At => self.at(),
            Request::Recorded => self.files.recorded(),
            Request::Take => self.take(),
            Request::Give => self.give(),
        }
    }
}

impl Client for Asking {
    fn ask(&self, request: Request, times: u32, below: usize) -> Result<u32, RpcError> {
        let ask = || {
            let mut last = Err(RpcError::Dead);
            for _ in 0..times {
                last = self.once(request);
            }
            last
        };
        pad_until(below, &ask)
    }
}

pub(super) fn client(files: Shadow<dyn Files>) -> Result<Asking, RpcError> {
    Ok(Asking {
        files,
        file: Mutex::new(None),
    })
}
