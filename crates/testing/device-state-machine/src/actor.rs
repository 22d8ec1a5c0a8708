//! A driver, in a domain or as the host.

use std::sync::{Mutex, PoisonError};

use samara_device_io::PciFunction;
use samara_device_tables::{Ixgbe, Nvme, VirtioBlock, VirtioNet};
use samara_domain::{Proxy, RRef, RpcError, interface};
use samara_domain_runtime::Domain;
use samara_testkit::hosted::as_host;

use crate::area::{Hand, Lent, Plan};
use crate::driver::{Claimed, Driver, Kind};
use crate::ledger::Holder;
use crate::step::Numbers;

/// A PCI function on its way to another driver, with the number of its claim.
pub(crate) type Carried<D> = (PciFunction<D>, u32);

#[interface]
pub(crate) trait Actor {
    /// Takes a step.
    fn step(&self, word: u64, plan: u32) -> Result<(), RpcError>;
    /// Stores a PCI function in the driver's place for it: the function of device `board` (0 or 1) of this kind.
    fn take_nvme(&self, function: Carried<Nvme>, board: u32) -> Result<(), RpcError>;
    /// Gives a function away.
    fn give_nvme(&self, board: u32) -> Result<Option<Carried<Nvme>>, RpcError>;
    /// Takes a step in which the driver may use a function that the host lends to it for this call.
    fn with_nvme(
        &self,
        function: &RRef<PciFunction<Nvme>>,
        claim: u64,
        word: u64,
        plan: u32,
    ) -> Result<(), RpcError>;
    /// As for NVMe.
    fn take_ixgbe(&self, function: Carried<Ixgbe>, board: u32) -> Result<(), RpcError>;
    /// As for NVMe.
    fn give_ixgbe(&self, board: u32) -> Result<Option<Carried<Ixgbe>>, RpcError>;
    /// As for NVMe.
    fn with_ixgbe(
        &self,
        function: &RRef<PciFunction<Ixgbe>>,
        claim: u64,
        word: u64,
        plan: u32,
    ) -> Result<(), RpcError>;
    /// As for NVMe.
    fn take_block(&self, function: Carried<VirtioBlock>, board: u32) -> Result<(), RpcError>;
    /// As for NVMe.
    fn give_block(&self, board: u32) -> Result<Option<Carried<VirtioBlock>>, RpcError>;
    /// As for NVMe.
    fn with_block(
        &self,
        function: &RRef<PciFunction<VirtioBlock>>,
        claim: u64,
        word: u64,
        plan: u32,
    ) -> Result<(), RpcError>;
    /// As for NVMe.
    fn take_net(&self, function: Carried<VirtioNet>, board: u32) -> Result<(), RpcError>;
    /// As for NVMe.
    fn give_net(&self, board: u32) -> Result<Option<Carried<VirtioNet>>, RpcError>;
    /// As for NVMe.
    fn with_net(
        &self,
        function: &RRef<PciFunction<VirtioNet>>,
        claim: u64,
        word: u64,
        plan: u32,
    ) -> Result<(), RpcError>;
}

/// The domains of the current case, with the names of their drivers. A step uses this list to kill its own domain.
static DOMAINS: Mutex<Vec<(u32, Domain<dyn Actor>)>> = Mutex::new(Vec::new());

/// Puts the domain on the list, so that its own steps can kill it.
pub(crate) fn publish(name: u32, domain: &Domain<dyn Actor>) {
    let mut domains = DOMAINS.lock().unwrap_or_else(PoisonError::into_inner);
    domains.push((name, domain.clone()));
}

/// Forgets all domains.
pub(crate) fn withdraw() {
    DOMAINS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clear();
}

fn kill(name: u32) {
    as_host(|| {
        let domains = DOMAINS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, domain)) = domains.iter().find(|(of, _)| *of == name) {
            domain.kill();
        }
    });
}

/// Takes a step with `driver`.
pub(crate) fn step(driver: &Driver, lent: Lent<'_>, word: u64, plan: Plan) {
    let name = driver.name;
    let hand = Hand {
        driver,
        lent,
        pinned: None,
        depth: 0,
        plan,
        focus: None,
        kill: &|| kill(name),
    };
    hand.step(&mut Numbers::of(word.to_le_bytes()));
}

/// Packs a claim into a number.
pub(crate) fn packed(holder: Holder) -> u64 {
    (holder.device as u64) << 32 | u64::from(holder.serial)
}

fn unpacked(claim: u64) -> Holder {
    Holder {
        device: (claim >> 32) as usize,
        serial: claim as u32,
    }
}

/// Puts a function in the driver's place for it. If the place is taken, or another thread uses it, the function is
/// dropped.
pub(crate) fn take<D: Kind>(driver: &Driver, (function, serial): Carried<D>, board: u32) {
    let board = &D::boards(driver)[board as usize];
    if let Some(mut held) = board.change().filter(|held| held.is_none()) {
        let holder = Holder {
            device: board.number,
            serial,
        };
        *held = Some(Claimed { function, holder });
    }
}

/// Takes a function out of its place.
pub(crate) fn give<D: Kind>(driver: &Driver, board: u32) -> Option<Carried<D>> {
    let held = D::boards(driver)[board as usize].change()?.take()?;
    Some((held.function, held.holder.serial))
}

pub(crate) fn init(name: u32) -> Result<Driver, RpcError> {
    Ok(Driver::new(name, true))
}

impl Actor for Driver {
    fn step(&self, word: u64, plan: u32) -> Result<(), RpcError> {
        step(self, Lent::Nothing, word, Plan::of(plan));
        Ok(())
    }

    fn take_nvme(&self, function: Carried<Nvme>, board: u32) -> Result<(), RpcError> {
        take(self, function, board);
        Ok(())
    }

    fn give_nvme(&self, board: u32) -> Result<Option<Carried<Nvme>>, RpcError> {
        Ok(give(self, board))
    }

    fn with_nvme(
        &self,
        function: &RRef<PciFunction<Nvme>>,
        claim: u64,
        word: u64,
        plan: u32,
    ) -> Result<(), RpcError> {
        let lent = Lent::Nvme(function, unpacked(claim));
        step(self, lent, word, Plan::of(plan));
        Ok(())
    }

    fn take_ixgbe(&self, function: Carried<Ixgbe>, board: u32) -> Result<(), RpcError> {
        take(self, function, board);
        Ok(())
    }

    fn give_ixgbe(&self, board: u32) -> Result<Option<Carried<Ixgbe>>, RpcError> {
        Ok(give(self, board))
    }

    fn with_ixgbe(
        &self,
        function: &RRef<PciFunction<Ixgbe>>,
        claim: u64,
        word: u64,
        plan: u32,
    ) -> Result<(), RpcError> {
        let lent = Lent::Ixgbe(function, unpacked(claim));
        step(self, lent, word, Plan::of(plan));
        Ok(())
    }

    fn take_block(&self, function: Carried<VirtioBlock>, board: u32) -> Result<(), RpcError> {
        take(self, function, board);
        Ok(())
    }

    fn give_block(&self, board: u32) -> Result<Option<Carried<VirtioBlock>>, RpcError> {
        Ok(give(self, board))
    }

    fn with_block(
        &self,
        function: &RRef<PciFunction<VirtioBlock>>,
        claim: u64,
        word: u64,
        plan: u32,
    ) -> Result<(), RpcError> {
        let lent = Lent::Block(function, unpacked(claim));
        step(self, lent, word, Plan::of(plan));
        Ok(())
    }

    fn take_net(&self, function: Carried<VirtioNet>, board: u32) -> Result<(), RpcError> {
        take(self, function, board);
        Ok(())
    }

    fn give_net(&self, board: u32) -> Result<Option<Carried<VirtioNet>>, RpcError> {
        Ok(give(self, board))
    }

    fn with_net(
        &self,
        function: &RRef<PciFunction<VirtioNet>>,
        claim: u64,
        word: u64,
        plan: u32,
    ) -> Result<(), RpcError> {
        let lent = Lent::Net(function, unpacked(claim));
        step(self, lent, word, Plan::of(plan));
        Ok(())
    }
}

/// The calls that a case makes to an actor to hand over or lend functions of this kind.
pub(crate) trait Exchange: Kind {
    fn take(proxy: &Proxy<dyn Actor>, function: Carried<Self>, board: u32) -> Result<(), RpcError>;
    fn give(proxy: &Proxy<dyn Actor>, board: u32) -> Result<Option<Carried<Self>>, RpcError>;
    fn with(
        proxy: &Proxy<dyn Actor>,
        function: &RRef<PciFunction<Self>>,
        claim: u64,
        word: u64,
        plan: u32,
    ) -> Result<(), RpcError>;
    fn lent(function: &PciFunction<Self>, holder: Holder) -> Lent<'_>;
}

macro_rules! moves {
    ($kind:ident, $take:ident, $give:ident, $with:ident, $variant:ident) => {
        impl Exchange for $kind {
            fn take(
                proxy: &Proxy<dyn Actor>,
                function: Carried<Self>,
                board: u32,
            ) -> Result<(), RpcError> {
                proxy.$take(function, board)
            }

            fn give(
                proxy: &Proxy<dyn Actor>,
                board: u32,
            ) -> Result<Option<Carried<Self>>, RpcError> {
                proxy.$give(board)
            }

            fn with(
                proxy: &Proxy<dyn Actor>,
                function: &RRef<PciFunction<Self>>,
                claim: u64,
                word: u64,
                plan: u32,
            ) -> Result<(), RpcError> {
                proxy.$with(function, claim, word, plan)
            }

            fn lent(function: &PciFunction<Self>, holder: Holder) -> Lent<'_> {
                Lent::$variant(function, holder)
            }
        }
    };
}

moves!(Nvme, take_nvme, give_nvme, with_nvme, Nvme);
moves!(Ixgbe, take_ixgbe, give_ixgbe, with_ixgbe, Ixgbe);
moves!(VirtioBlock, take_block, give_block, with_block, Block);
moves!(VirtioNet, take_net, give_net, with_net, Net);
