//! A claimed function, its memory and its transfers, on the model controller.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::MutexGuard;

use samara_device_io::dma::{
    FinishError, LendError, MAX_REGIONS, MAX_TAGS, MAX_TRANSFERS, Refused, RegionError,
    SegmentError, TagError,
};
use samara_device_io::layout::nvme::{
    AdminQueueError, Command, CommandError, CompletionEntry, FormatError, IdentifyController,
    MAX_TRANSFER, Namespace, NamespaceQuery, Nvme, PrpList, SubmissionEntry,
};
use samara_device_io::pci::{ClaimError, EnableError, Silenced};
use samara_device_io::{DmaRegion, PciFunction, PciSlot, Transfer};
use samara_host_std as _;
use samara_rref::RRef;
use samara_shared_heap::Owner;
use samara_shared_heap::heap::{Census, census_all};
use samara_testkit::hosted::alone;
use samara_testkit::nvme_model::{NvmeModel, Shape};

struct Bench {
    model: &'static NvmeModel,
    slot: &'static PciSlot,
    before: Census,
    _alone: MutexGuard<'static, ()>,
}

impl Bench {
    fn new(flr: bool) -> Self {
        let alone = alone();
        let model = NvmeModel::leak(Shape {
            flr,
            ..Shape::default()
        });
        Self {
            model,
            slot: model.slot(),
            before: census_all(),
            _alone: alone,
        }
    }

    /// A function that may be bus master.
    fn master(&self) -> PciFunction {
        let function = self.slot.claim().unwrap();
        function.enable_bus_master::<Nvme>().unwrap();
        assert!(self.model.is_bus_master());
        function
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(census_all(), self.before, "something is left on the heap");
            assert!(!self.model.is_bus_master());
        }
    }
}

fn buffer(bytes: usize) -> RRef<[u8]> {
    RRef::new_zeroed_slice(bytes).unwrap()
}

#[test]
fn a_function_has_one_claim_at_a_time_and_its_end_silences_the_device() {
    for flr in [true, false] {
        let bench = Bench::new(flr);
        let function = bench.master();
        let region: DmaRegion<IdentifyController> = function.region(1).unwrap();
        let transfer = function.begin(buffer(4096)).unwrap();
        function.segment(&transfer, 0, 0, 4096).unwrap();
        assert_eq!(bench.slot.claim().unwrap_err(), ClaimError::Claimed);
        drop(function);
        assert!(!bench.model.is_bus_master());
        // The handles outlive the claim and reach nothing.
        let next = bench.slot.claim().unwrap();
        assert_eq!(region.word(&next, 0, 0), Err(RegionError::Foreign));
        assert_eq!(
            next.segment(&transfer, 1, 0, 512).err(),
            Some(SegmentError::Foreign)
        );
        assert!(matches!(next.finish(transfer), Err(FinishError { .. })));
    }
}

#[test]
fn bus_mastering_waits_for_a_device_in_reset() {
    let bench = Bench::new(false);
    let function = bench.master();
    let registers = function.registers::<Nvme>().unwrap();
    let submission: DmaRegion<SubmissionEntry> = function.region(2).unwrap();
    let completion: DmaRegion<CompletionEntry> = function.region(2).unwrap();
    registers
        .set_admin_queues(&function, &submission, &completion)
        .unwrap();
    registers.enable();
    assert_eq!(function.silence(), Silenced::BusMasterOff);
    // Commands of before could be left in it.
    assert_eq!(
        function.enable_bus_master::<Nvme>(),
        Err(EnableError::NotInReset)
    );
    registers.disable();
    function.enable_bus_master::<Nvme>().unwrap();
}

#[test]
fn silencing_resets_where_it_can_and_says_what_it_did() {
    let bench = Bench::new(true);
    let function = bench.master();
    function.registers::<Nvme>().unwrap().enable();
    let epoch = function.epoch();
    assert_eq!(function.silence(), Silenced::Reset);
    assert_ne!(function.epoch(), epoch);
    assert!(!bench.model.is_ready());
    // The base address is back: registers answer.
    assert!(
        !function
            .registers::<Nvme>()
            .unwrap()
            .capabilities()
            .is_absent()
    );
    bench.model.switch(|switches| switches.removed = true);
    assert_eq!(function.silence(), Silenced::Absent);
    drop(function);
    bench.model.replug();
}

#[test]
fn what_is_moved_in_is_the_hosts_until_its_commands_have_ended() {
    let bench = Bench::new(true);
    let function = bench.master();
    let transfer = function.begin(buffer(8192)).unwrap();
    function.segment(&transfer, 3, 0, 4096).unwrap();
    function.segment(&transfer, 4, 4096, 4096).unwrap();
    function.ended(3).unwrap();
    let FinishError { transfer } = function.finish(transfer).unwrap_err();
    function.ended(4).unwrap();
    let back = function.finish(transfer).unwrap();
    assert_eq!(RRef::owner(&back), Owner::HOST);
    // By force.
    let transfer = function.begin(back).unwrap();
    function.segment(&transfer, 3, 0, 4096).unwrap();
    let _ = function.silence();
    assert_eq!(function.ended(3), Err(TagError::NotInFlight));
    assert_eq!(function.finish(transfer).unwrap().len(), 8192);
}

#[test]
fn segments_and_tags_are_checked() {
    let bench = Bench::new(true);
    let function = bench.master();
    let transfer = function.begin(buffer(4096)).unwrap();
    for (offset, length) in [
        (0, 0),
        (0, 4097),
        (4096, 1),
        (usize::MAX, 2),
        (1, usize::MAX),
    ] {
        let error = function.segment(&transfer, 0, offset, length).err();
        assert_eq!(error, Some(SegmentError::OutOfBounds), "{offset} {length}");
    }
    let tag = |tag| function.segment(&transfer, tag, 0, 512).err();
    assert_eq!(tag(0), None);
    assert_eq!(tag(0), Some(SegmentError::Tag(TagError::InFlight)));
    assert_eq!(
        tag(MAX_TAGS as u16),
        Some(SegmentError::Tag(TagError::OutOfRange))
    );
    assert_eq!(function.ended(1), Err(TagError::NotInFlight));
    assert_eq!(function.ended(u16::MAX), Err(TagError::OutOfRange));
    function.ended(0).unwrap();
    assert_eq!(function.ended(0), Err(TagError::NotInFlight));
    drop(function.finish(transfer).unwrap());
}

#[test]
fn a_full_table_gives_the_buffer_back() {
    let bench = Bench::new(true);
    let function = bench.master();
    let transfers: Vec<_> = (0..MAX_TRANSFERS)
        .map(|_| function.begin(buffer(512)).unwrap())
        .collect();
    let mut one_more = buffer(512);
    one_more[7] = 7;
    let refused = function.begin(one_more).unwrap_err();
    assert_eq!((refused.reason, refused.buffer[7]), (Refused::Full, 7));
    let lent = function.lend(&refused.buffer, |_| ());
    assert!(matches!(lent, Err(LendError::Refused(Refused::Full))));
    for transfer in transfers {
        drop(function.finish(transfer).unwrap());
    }
    assert_eq!(
        function.begin(buffer(0)).unwrap_err().reason,
        Refused::Empty
    );
    drop((refused, function));
}

#[test]
fn a_loan_that_ends_with_something_in_flight_silences_the_device() {
    for flr in [true, false] {
        let bench = Bench::new(flr);
        let function = bench.master();
        let data = buffer(4096);
        assert_eq!(function.lend(&data, |_| 5).unwrap(), 5);
        assert!(bench.model.is_bus_master());
        let lent = function.lend(&data, |transfer| {
            function.segment(transfer, 9, 0, 512).map(|_| ()).unwrap();
        });
        assert!(matches!(lent, Err(LendError::Silenced(()))));
        assert!(!bench.model.is_bus_master());
        assert_eq!(function.ended(9), Err(TagError::NotInFlight));
        drop((function, data));
    }
}

#[test]
fn a_loan_that_a_panic_ends_silences_the_device_first() {
    let bench = Bench::new(true);
    let function = bench.master();
    let data = buffer(4096);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _ = function.lend(&data, |transfer| {
            function.segment(transfer, 9, 0, 512).map(|_| ()).unwrap();
            panic!("with a command in flight");
        });
    }));
    assert!(panicked.is_err());
    assert!(!bench.model.is_bus_master());
    assert_eq!(function.ended(9), Err(TagError::NotInFlight));
    drop((function, data));
}

/// Identifies the model's namespace by hand: the layouts without a driver.
fn identify(function: &PciFunction) -> Namespace {
    let registers = function.registers::<Nvme>().unwrap();
    let mut submission: DmaRegion<SubmissionEntry> = function.region(2).unwrap();
    let completion: DmaRegion<CompletionEntry> = function.region(2).unwrap();
    registers
        .set_admin_queues(function, &submission, &completion)
        .unwrap();
    registers.enable();
    let again = registers.set_admin_queues(function, &submission, &completion);
    assert_eq!(again, Err(AdminQueueError::Enabled));
    let query = NamespaceQuery::new(function, 1).unwrap();
    assert_eq!(query.namespace(function), Err(FormatError::NoCapacity));
    let command = Command::identify_namespace(function, 7, &query).unwrap();
    submission.put(function, 0, command).unwrap();
    let doorbells = Nvme::doorbells(registers.capabilities());
    registers
        .write_at(doorbells, Nvme::tail_doorbell(0), 1)
        .unwrap();
    let done = completion.take(function, 0, true).unwrap().unwrap();
    assert_eq!(
        (done.cid, done.sq_id, done.sq_head, done.status),
        (7, 0, 1, 0)
    );
    assert_eq!(completion.take(function, 1, true), Ok(None));
    query.namespace(function).unwrap()
}

#[test]
fn commands_fit_their_buffer_and_the_namespace_and_never_write_what_is_lent() {
    let bench = Bench::new(true);
    let function = bench.master();
    let namespace = identify(&function);
    let blocks = namespace.blocks();
    let mut lists: DmaRegion<PrpList> = function.region(MAX_TAGS).unwrap();
    let mut read = |transfer: &Transfer, offset, length, lba| {
        let segment = function.segment(transfer, 0, offset, length).unwrap();
        let command = Command::read(&function, 0, &namespace, lba, segment, &mut lists);
        let error = command.map(|_| ()).err();
        function.ended(0).unwrap();
        error
    };
    let transfer = function.begin(buffer(1 << 20)).unwrap();
    assert_eq!(read(&transfer, 0, 4096, 0), None);
    assert_eq!(read(&transfer, 0, 4096, blocks - 8), None);
    assert_eq!(
        read(&transfer, 0, 4096, blocks - 7),
        Some(CommandError::OutOfRange)
    );
    assert_eq!(
        read(&transfer, 0, 4096, u64::MAX),
        Some(CommandError::OutOfRange)
    );
    assert_eq!(read(&transfer, 0, 511, 0), Some(CommandError::Length));
    assert_eq!(read(&transfer, 0, 513, 0), Some(CommandError::Length));
    assert_eq!(read(&transfer, 2, 512, 0), Some(CommandError::Misaligned));
    // 65 pages fit PRP1 and a list; 66 don't.
    assert_eq!(read(&transfer, 4, MAX_TRANSFER, 0), None);
    assert_eq!(read(&transfer, 0, 65 * 4096, 0), None);
    assert_eq!(read(&transfer, 4, 65 * 4096, 0), Some(CommandError::Length));
    drop(function.finish(transfer).unwrap());
    let data = buffer(4096);
    let lent = function.lend(&data, |transfer| read(transfer, 0, 512, 0));
    assert_eq!(lent.unwrap(), Some(CommandError::ReadOnlyBuffer));
    assert_eq!(bench.model.counts().stray_accesses, 0);
}

#[test]
fn regions_are_bounded_in_number_and_extent() {
    let bench = Bench::new(true);
    let function = bench.slot.claim().unwrap();
    assert_eq!(
        function.region::<PrpList>(0).err(),
        Some(RegionError::BadCount)
    );
    let huge = function.region::<PrpList>(usize::MAX / 2).err();
    assert_eq!(huge, Some(RegionError::BadCount));
    let mut regions: Vec<DmaRegion<IdentifyController>> = Vec::new();
    let error = loop {
        match function.region(1) {
            Ok(region) => regions.push(region),
            Err(error) => break error,
        }
    };
    assert_eq!((regions.len(), error), (MAX_REGIONS, RegionError::TooMany));
    assert_eq!(
        regions[0].word(&function, 1, 0),
        Err(RegionError::OutOfBounds)
    );
    assert_eq!(
        regions[0].word(&function, 0, 1024),
        Err(RegionError::OutOfBounds)
    );
    assert_eq!(regions[0].word(&function, 0, 1023), Ok(0));
    // Memory of one function is refused by another.
    let other = NvmeModel::leak(Shape::default()).slot().claim().unwrap();
    let foreign = Command::identify_controller(&other, 0, &mut regions[0]).err();
    assert_eq!(foreign, Some(CommandError::Region(RegionError::Foreign)));
    drop((other, function, regions));
}
