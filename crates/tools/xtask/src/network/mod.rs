//! The network's part of `cargo xtask run`: a network device, and a client at the far end of its cable.
//!
//! The client runs in this process. Neither a tap device nor root is needed. The device is either QEMU's own
//! virtio-net, or our emulator of the 82599, a separate process to which QEMU connects.
//!
//! ```text
//! client ◄─ stream socket ─► ixgbe-emulator ◄─ vfio-user socket ─► QEMU: ixgbe ◄─► net ◄─► http
//! client ◄─ stream socket ─► QEMU: virtio-net ◄─► net ◄─► http
//! ```

#[cfg_attr(not(unix), path = "no_client.rs")]
mod client;
mod emulator;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use samara_testkit::http_client::{Order, Outcome};

use self::client::Client;
use self::emulator::Model;
use crate::cli::Drivers;
use crate::error::Error;
use crate::workspace::Workspace;
use samara_provision::qemu::Qemu;

/// The server's address. It and the port are the same as in the kernel's demo.
const SERVER: [u8; 4] = [10, 0, 0, 1];
/// The client's address.
const CLIENT: [u8; 4] = [10, 0, 0, 2];
/// The server's port.
const PORT: u16 = 80;
/// The number of connections over which the requests are spread.
const CONNECTIONS: usize = 2;
/// The number of bytes of the body.
pub(crate) const BODY: u64 = 4 << 20;

/// The kind of network device that a machine has.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// The emulator of the 82599, which waits for QEMU at this socket.
    Ixgbe(PathBuf),
    /// QEMU's virtio-net, whose cable ends at this socket.
    Virtio(PathBuf),
}

/// The network card of a machine, as far as QEMU's arguments and the console need it.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    /// The kind of device.
    pub(crate) kind: Kind,
    /// The console sets this when the kernel reports that its server listens.
    pub(crate) listening: Arc<AtomicBool>,
}

/// A client, and the emulator if there is one, ready for a machine.
#[derive(Debug)]
pub(crate) struct Network {
    qemu: Qemu,
    card: Card,
    client: Client,
    _model: Option<Model>,
    _directory: Directory,
}

impl Network {
    /// Starts the client and, if the device is an 82599, its emulator.
    ///
    /// # Errors
    /// If the system lacks something that this part needs. The error names it.
    pub(crate) fn prepare(
        workspace: &Workspace,
        drivers: Drivers,
        seed: u64,
        requests: u64,
    ) -> Result<Self, Error> {
        if !cfg!(target_os = "linux") {
            return Err(Error::Output {
                what: "the network's part".into(),
                problem: "it needs Linux, as QEMU's vfio-user is for Linux only, and the cable is a Unix socket"
                    .into(),
            });
        }
        let directory = Directory::make()?;
        let cable = directory.path("cable");
        let socket = directory.path("card");
        let (qemu, kind) = match drivers {
            Drivers::Native => {
                emulator::build(workspace)?;
                let qemu = Qemu::provide_with_vfio_user(&workspace.target("qemu-vfio-user"))?;
                (qemu, Kind::Ixgbe(socket.clone()))
            }
            Drivers::Virtio => (
                Qemu::provide(&workspace.target("qemu"))?,
                Kind::Virtio(cable.clone()),
            ),
        };
        let card = Card {
            kind,
            listening: Arc::default(),
        };
        let order = Order {
            server: SERVER,
            port: PORT,
            connections: CONNECTIONS,
            requests,
            seed,
            bytes: BODY,
        };
        let client = Client::start(&cable, CLIENT, order, Arc::clone(&card.listening))?;
        let model = match drivers {
            Drivers::Native => {
                let log = workspace.target("run").join("ixgbe-emulator.log");
                Some(Model::start(workspace, &socket, &cable, &log)?)
            }
            Drivers::Virtio => None,
        };
        Ok(Network {
            qemu,
            card,
            client,
            _model: model,
            _directory: directory,
        })
    }

    /// Returns the QEMU to which the card can be attached.
    pub(crate) fn qemu(&self) -> &Qemu {
        &self.qemu
    }

    /// Returns the card for the machine.
    pub(crate) fn card(&self) -> &Card {
        &self.card
    }

    /// Returns the outcome of the requests. The caller calls this after the machine has stopped.
    pub(crate) fn finish(self) -> Outcome {
        self.client.stop()
    }
}

/// A directory for sockets, removed when it is dropped. It is below the system's directory for temporary files,
/// because the path of a Unix socket may have at most about 100 bytes.
#[derive(Debug)]
struct Directory(PathBuf);

impl Directory {
    fn make() -> Result<Self, Error> {
        let path = std::env::temp_dir().join(format!("samara-run.{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(Error::io("create", &path))?;
        Ok(Directory(path))
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::join(&self.0, name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // The directory holds only sockets, so a failure to remove it is ignored.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
