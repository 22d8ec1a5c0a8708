//! The network's part of `cargo xtask run`: a network device, and a client at the far end of its cable, in this process. No tap
//! device, no root. The device is a model of the 82599 in a process of its own, that QEMU attaches to, or QEMU's own of virtio.
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

/// Who fetches from whom; the kernel's story has the same.
const SERVER: [u8; 4] = [10, 0, 0, 1];
const CLIENT: [u8; 4] = [10, 0, 0, 2];
const PORT: u16 = 80;
/// Connections that the requests are spread over.
const CONNECTIONS: usize = 2;
/// Bytes of the body.
pub(crate) const BODY: u64 = 4 << 20;

/// What kind of network device a machine has.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// An 82599, which waits for QEMU at this socket.
    Ixgbe(PathBuf),
    /// QEMU's virtio-net, whose cable ends at this socket.
    Virtio(PathBuf),
}

/// What a machine needs to have the card: cheap to copy around.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    /// What it is.
    pub(crate) kind: Kind,
    /// Set when the kernel says that it listens.
    pub(crate) listening: Arc<AtomicBool>,
}

/// A model and a client, waiting for a machine.
#[derive(Debug)]
pub(crate) struct Network {
    qemu: Qemu,
    card: Card,
    client: Client,
    _model: Option<Model>,
    _directory: Directory,
}

impl Network {
    /// Starts the client, and the model if the device is one. An error says why this machine can't.
    pub(crate) fn prepare(
        workspace: &Workspace,
        drivers: Drivers,
        seed: u64,
        requests: u64,
    ) -> Result<Self, Error> {
        if !cfg!(target_os = "linux") {
            return Err(Error::Output {
                what: "the network's part".into(),
                problem: "the model needs Linux, as vfio-user passes Linux' file descriptors; and a cable is a Unix socket"
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

    /// The QEMU that attaches the card.
    pub(crate) fn qemu(&self) -> &Qemu {
        &self.qemu
    }

    /// What the machine gets.
    pub(crate) fn card(&self) -> &Card {
        &self.card
    }

    /// What became of the requests; call it when the machine has stopped.
    pub(crate) fn finish(self) -> Outcome {
        self.client.stop()
    }
}

/// A directory for sockets, whose names must be short; removed at the end.
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
        // Sockets only: nothing is lost if they stay.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
