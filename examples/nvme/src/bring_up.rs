//! From a claimed function to a controller with one I/O queue pair, and back
//! (NVM Express Base 2.0 §3.5.1, §3.6.1, §3.7.2).

use samara_device_io::layout::nvme::{
    Capabilities, Command, IdentifyController, MAX_TRANSFER, Namespace, NamespaceList,
    NamespaceQuery, Nvme, PAGE,
};
use samara_device_io::{DmaRegion, Mmio, PciFunction};

use crate::admin::Admin;
use crate::error::{Fault, InitError};
use crate::faults::fault_point;
use crate::queue::QueuePair;

/// How long a normal shutdown may take before the driver stops waiting.
const SHUTDOWN_MILLIS: u64 = 5_000;
/// The I/O queue pair's number.
const IO_QUEUE: u16 = 1;

/// The pages that Identify fills.
pub(crate) struct Pages {
    controller: DmaRegion<IdentifyController>,
    namespaces: DmaRegion<NamespaceList>,
    query: Option<(u32, NamespaceQuery)>,
}

/// What is known of a controller that is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) namespace: Namespace,
    /// Bytes that one command may transfer: MDTS, and what a PRP list here describes.
    pub(crate) max_transfer: usize,
    /// There's a volatile write cache to flush.
    pub(crate) write_cache: bool,
}

impl Pages {
    pub(crate) fn new(function: &PciFunction) -> Result<Self, InitError> {
        Ok(Self {
            controller: function.region(1)?,
            namespaces: function.region(1)?,
            query: None,
        })
    }
}

/// Reads CAP and refuses a controller that this driver can't drive.
pub(crate) fn capabilities(registers: &Mmio<'_, Nvme>) -> Result<Capabilities, InitError> {
    let capabilities = registers.capabilities();
    if capabilities.is_absent() {
        return Err(Fault::Gone.into());
    }
    if !capabilities.has_nvm_command_set() {
        return Err(InitError::NoNvmCommandSet);
    }
    if !capabilities.has_4k_pages() {
        return Err(InitError::PageSize);
    }
    if !registers.has(Nvme::doorbells(capabilities), Nvme::head_doorbell(IO_QUEUE)) {
        return Err(InitError::Queues);
    }
    Ok(capabilities)
}

/// Waits up to CAP.TO for CSTS.RDY to be `ready`.
fn wait_ready(
    function: &PciFunction,
    registers: &Mmio<'_, Nvme>,
    capabilities: Capabilities,
    ready: bool,
) -> Result<(), Fault> {
    let mut status = registers.status();
    let over = function.deadline(capabilities.timeout_millis()).poll(|| {
        status = registers.status();
        status.is_absent() || status.is_ready() == ready || ready && status.is_fatal()
    });
    match status {
        status if status.is_absent() => Err(Fault::Gone),
        status if ready && status.is_fatal() => Err(Fault::Fatal),
        status if over && status.is_ready() == ready => Ok(()),
        _ => Err(Fault::Timeout),
    }
}

/// Resets the controller: CC.EN = 0, then CSTS.RDY = 0 within CAP.TO.
pub(crate) fn reset(
    function: &PciFunction,
    registers: &Mmio<'_, Nvme>,
    capabilities: Capabilities,
) -> Result<(), Fault> {
    let configuration = registers.read(Nvme::CONFIGURATION);
    if configuration == u32::MAX {
        return Err(Fault::Gone);
    }
    // CC.EN may not be cleared while CSTS.RDY is still to be set (§3.1.3.5); one that never sets it
    // is reset regardless.
    if configuration & 1 != 0 && !registers.status().is_fatal() {
        let _ = wait_ready(function, registers, capabilities, true);
    }
    registers.disable();
    wait_ready(function, registers, capabilities, false)
}

/// Brings a controller up that has been [`reset`].
pub(crate) fn bring_up(
    function: &PciFunction,
    registers: &Mmio<'_, Nvme>,
    capabilities: Capabilities,
    admin: &mut Admin,
    io: &mut QueuePair,
    pages: &mut Pages,
) -> Result<Identity, InitError> {
    function.enable_bus_master::<Nvme>()?;
    admin.queue.clear(function)?;
    io.clear(function)?;
    registers.set_admin_queues(function, &admin.queue.submission, &admin.queue.completion)?;
    registers.enable();
    wait_ready(function, registers, capabilities, true)?;
    fault_point!(Init);

    let mut execute =
        |build: &mut dyn FnMut(u16) -> _| admin.execute(function, registers, capabilities, build);
    execute(&mut |cid| Command::identify_controller(function, cid, &mut pages.controller))?;
    let mdts = pages.controller.max_data_transfer(function)?;
    let write_cache = pages.controller.has_write_cache(function)?;

    pages.namespaces.clear(function)?;
    execute(&mut |cid| Command::active_namespaces(function, cid, &mut pages.namespaces))?;
    let id = pages
        .namespaces
        .first(function)?
        .ok_or(InitError::NoNamespace)?;
    let query = match &mut pages.query {
        Some((known, _)) if *known != id => return Err(InitError::Changed),
        Some((_, query)) => query,
        None => {
            &mut pages
                .query
                .insert((id, NamespaceQuery::new(function, id)?))
                .1
        }
    };
    execute(&mut |cid| Command::identify_namespace(function, cid, query))?;
    let namespace = query.namespace(function)?;
    let max_transfer = max_transfer(mdts);
    if max_transfer < 1 << namespace.block_shift() {
        return Err(InitError::BlockTooLong);
    }

    execute(&mut |cid| Ok(Command::set_queue_pairs(cid, 1)))?;
    execute(&mut |cid| Command::create_completion_queue(function, cid, io.id(), &io.completion))?;
    execute(&mut |cid| {
        Command::create_submission_queue(function, cid, io.id(), &io.submission, io.id())
    })?;
    Ok(Identity {
        namespace,
        max_transfer,
        write_cache,
    })
}

/// MDTS in bytes (units of 4 KiB, as CAP.MPSMIN is 0), within what this driver can describe.
const fn max_transfer(mdts: u8) -> usize {
    // 2^6 pages is what a PRP list here describes; shifting further could overflow.
    if mdts == 0 || mdts >= 6 {
        MAX_TRANSFER
    } else {
        (PAGE as usize) << mdts
    }
}

/// The I/O queue pair, as long as the controller and `limit` allow.
pub(crate) fn io_queue(
    function: &PciFunction,
    capabilities: Capabilities,
    limit: u16,
) -> Result<QueuePair, InitError> {
    let entries = capabilities.max_queue_entries().min(u32::from(limit));
    if entries < 2 {
        return Err(InitError::Queues);
    }
    Ok(QueuePair::new(function, IO_QUEUE, entries as u16)?)
}

/// An orderly stop: deletes the I/O queues, notifies of a normal shutdown and waits until the controller
/// says that it's done (§3.6.1).
pub(crate) fn shut_down(
    function: &PciFunction,
    registers: &Mmio<'_, Nvme>,
    capabilities: Capabilities,
    admin: &mut Admin,
) -> Result<(), InitError> {
    let mut execute = |command: &dyn Fn(u16) -> Command<'static>| {
        admin.execute(function, registers, capabilities, |cid| Ok(command(cid)))
    };
    execute(&|cid| Command::delete_submission_queue(cid, IO_QUEUE))?;
    execute(&|cid| Command::delete_completion_queue(cid, IO_QUEUE))?;
    registers.notify_shutdown();
    let mut status = registers.status();
    let over = function.deadline(SHUTDOWN_MILLIS).poll(|| {
        status = registers.status();
        status.is_absent() || status.is_shut_down()
    });
    match status {
        status if status.is_absent() => Err(Fault::Gone.into()),
        _ if over => Ok(()),
        _ => Err(Fault::Timeout.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::max_transfer;

    #[test]
    fn mdts_is_a_power_of_two_of_pages_and_0_is_no_limit() {
        assert_eq!(max_transfer(0), 256 << 10);
        assert_eq!(max_transfer(1), 8 << 10);
        assert_eq!(max_transfer(5), 128 << 10);
        assert_eq!(max_transfer(6), 256 << 10);
        assert_eq!(max_transfer(7), 256 << 10);
        assert_eq!(max_transfer(255), 256 << 10);
    }
}
