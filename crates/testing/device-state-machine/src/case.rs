//! A case: devices of some kinds, drivers for them, and steps. At the end of the case all drivers are ended and the
//! totals are checked.

use std::thread::scope;
use std::time::Duration;

use samara_device_tables::{Ixgbe, Nvme, VirtioBlock, VirtioNet};
use samara_domain::{Proxy, RRef, RpcError};
use samara_domain_runtime::state::State;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::runtime;
use samara_proxy::Export;
use samara_shared_heap::heap::{self, Census};
use samara_testkit::hosted::wait_until;
use samara_testkit::virtio_emulator::{stray_messages, vectors_in_use};

use crate::actor::{self, Actor, Exchange};
use crate::area::Plan;
use crate::bench::bench;
use crate::coverage::{Milestone, note};
use crate::driver::{Driver, Kind};
use crate::ledger::{self, DEVICES, Holder};
use crate::step::{Numbers, Word};
use crate::{expected_panics, misbehaviour, ticks};

/// Where drivers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// As the host or in domains, as the numbers choose.
    Anywhere,
    /// As the host.
    Host,
    /// In domains.
    Domains,
    /// In domains that are cut at instructions: see [`Case::step_cut`].
    Cut,
}

/// The most drivers of a case.
const DRIVERS: usize = 2;
/// The longest time that a device's clock may advance in one step, in nanoseconds. It is enough for several resets
/// that time out after 127.5 s each.
const LONGEST: u64 = 2_000_000_000_000;
/// The quota of shared bytes, for domains that have one.
const QUOTA: usize = 1 << 20;

/// One driver.
enum Place {
    Host(Box<Driver>),
    Domain(Domain<dyn Actor>, Option<Proxy<dyn Actor>>),
}

/// Returns the most bytes that all claims of a domain together may hold. The quota applies to each claim by itself,
/// so this is the quota times the number of devices.
fn quota(plan: Plan) -> usize {
    let kinds = plan.kinds.count_ones() as usize;
    QUOTA * kinds * plan.devices
}

/// A case: see the module.
pub struct Case {
    plan: Plan,
    drivers: Vec<Place>,
    /// Whether domains have a quota.
    is_limited: bool,
    /// The totals before the case.
    before: Totals,
    /// Steps taken.
    taken: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Totals {
    census: Census,
    vectors: usize,
    strays: u64,
}

impl Totals {
    fn now() -> Self {
        Self {
            census: heap::census_all(),
            vectors: vectors_in_use(),
            strays: stray_messages(),
        }
    }
}

impl Case {
    /// Plugs devices in and starts drivers, as `seed` chooses.
    ///
    /// # Panics
    /// If a driver does not start.
    #[must_use]
    pub fn new(seed: Word, place: Where) -> Self {
        let mut numbers = Numbers::of(seed);
        let numbers = &mut numbers;
        ledger::clear();
        let _ = expected_panics::unasked();
        listed();
        let kinds = numbers.of_these(&[1, 1, 1, 2, 2, 2, 4, 4, 8, 8, 3, 5, 9, 6, 12, 15]);
        let plan = Plan {
            kinds,
            devices: 1 + numbers.below(2),
            is_honest: numbers.one_in(3),
            is_shared: false,
            brings_up: false,
            is_read: false,
            is_calm: place == Where::Cut,
        };
        for device in devices(plan) {
            bench().replug_one(device, numbers);
            let _ = bench().all()[device].nonsense(false);
        }
        let before = Totals::now();
        let plan = Plan {
            is_read: plan.is_honest && numbers.one_in(2),
            ..plan
        };
        let in_domains = match place {
            Where::Anywhere => !numbers.one_in(3),
            Where::Host => false,
            Where::Domains | Where::Cut => true,
        };
        let is_cut = place == Where::Cut;
        let count = if numbers.one_in(3) { DRIVERS } else { 1 };
        let is_limited = in_domains && numbers.one_in(4);
        let drivers = (0..count).map(|name| match in_domains {
            true => domain(name as u32, is_limited, is_cut),
            false => Place::Host(Box::new(Driver::new(name as u32, false))),
        });
        let drivers = drivers.collect();
        Self {
            plan,
            drivers,
            is_limited,
            before,
            taken: 0,
        }
    }

    /// Takes a step.
    ///
    /// # Panics
    /// If a rule is broken.
    pub fn step(&mut self, word: Word) {
        self.taken += 1;
        let clocks = self.clocks();
        let mut numbers = Numbers::of(word);
        let which = numbers.below(self.drivers.len());
        match numbers.below(64) {
            0..3 => self.lie(&mut numbers),
            3 if numbers.one_in(4) => self.kill(which),
            3 => self.work(&mut numbers),
            4 => self.carry(which, &mut numbers),
            5 => self.lend(which, &mut numbers),
            6 => self.replug(which, &mut numbers),
            7..10 => misbehaviour::frames(self.device(&mut numbers), &mut numbers),
            10..12 => self.work(&mut numbers),
            12 => self.together(&mut numbers),
            _ => {
                let word = u64::from_le_bytes(numbers.word());
                self.take(which, word, self.plan);
            }
        }
        self.bury_dead();
        self.check();
        for (before, after) in clocks.into_iter().zip(self.clocks()) {
            let took = after - before;
            assert!(
                took < LONGEST,
                "a step took {took} ns of a device's time, more than {LONGEST}"
            );
        }
    }

    /// Makes a driver take a step, and cuts its domain inside a call of the engine: in call number `call` of the
    /// step, at the first possible instruction from number `at` on. A step that makes fewer calls is not cut. Returns
    /// whether the driver's domain died.
    ///
    /// # Panics
    /// If a rule is broken.
    pub fn step_cut(&mut self, word: Word, call: u32, at: u64) -> bool {
        self.taken += 1;
        let mut numbers = Numbers::of(word);
        let which = numbers.below(self.drivers.len());
        let word = u64::from_le_bytes(numbers.word());
        let Place::Domain(domain, proxy) = &mut self.drivers[which] else {
            return false;
        };
        let (proxy, plan) = (proxy_of(domain, proxy), self.plan.word());
        let result = ticks::around(call, at, || proxy.step(word, plan));
        let is_cut = result.is_err();
        self.answered(which, result);
        self.bury_dead();
        self.check();
        is_cut
    }

    /// Makes several threads take steps at once, with a driver that `word` chooses.
    ///
    /// # Panics
    /// If a rule is broken.
    pub fn step_together(&mut self, word: Word) {
        self.taken += 1;
        self.together(&mut Numbers::of(word));
        self.bury_dead();
        self.check();
    }

    fn clocks(&self) -> [u64; DEVICES] {
        bench().all().map(|device| device.elapsed())
    }

    /// Chooses a device of the case.
    fn device(&self, numbers: &mut Numbers) -> usize {
        let kinds: Vec<usize> = (0..4)
            .filter(|kind| self.plan.kinds >> kind & 1 != 0)
            .collect();
        2 * numbers.of_these(&kinds) + numbers.below(self.plan.devices)
    }

    fn lie(&self, numbers: &mut Numbers) {
        let device = self.device(numbers);
        if self.plan.is_honest {
            return;
        }
        match numbers.below(4) {
            0 => misbehaviour::heal(device, numbers),
            1 if numbers.one_in(4) => misbehaviour::firmware(device, numbers),
            _ => misbehaviour::lie(device, numbers),
        }
    }

    /// Now and then unplugs a device and plugs another one in, unless the devices are honest. Now and then makes a
    /// driver bring a device up.
    fn replug(&mut self, which: usize, numbers: &mut Numbers) {
        let device = self.device(numbers);
        if !self.plan.is_honest && numbers.one_in(2) {
            bench().replug_one(device, numbers);
        }
        if numbers.one_in(2) {
            let plan = Plan {
                brings_up: true,
                ..self.plan
            };
            self.take(which, u64::from_le_bytes(numbers.word()), plan);
        }
    }

    fn work(&self, numbers: &mut Numbers) {
        let device = self.device(numbers);
        bench().all()[device].work(1 + numbers.below(4) as u64);
    }

    /// Makes a driver take a step.
    fn take(&mut self, which: usize, word: u64, plan: Plan) {
        match &mut self.drivers[which] {
            Place::Host(driver) => {
                let lent = crate::area::Lent::Nothing;
                let _ = expected_panics::caught(|| actor::step(driver, lent, word, plan));
            }
            Place::Domain(domain, proxy) => {
                let result = proxy_of(domain, proxy).step(word, plan.word());
                self.answered(which, result);
            }
        }
    }

    /// Returns the answer of a call to a domain. If the domain has died, reclaims and restarts it, and returns a
    /// default answer.
    fn answered<T: Default>(&mut self, which: usize, result: Result<T, RpcError>) -> T {
        match result {
            Ok(answer) => answer,
            Err(RpcError::Dead | RpcError::Crashed | RpcError::OverQuota) => {
                self.bury(which);
                T::default()
            }
            Err(error) => panic!("a call of a driver returned {error:?}"),
        }
    }

    /// Reclaims and restarts domains that a step has killed, whether or not the call reported the death.
    fn bury_dead(&mut self) {
        for which in 0..self.drivers.len() {
            if let Place::Domain(domain, _) = &self.drivers[which]
                && domain.exit_reason().is_some()
            {
                self.bury(which);
            }
        }
    }

    /// Reclaims a dead domain, and starts it again.
    fn bury(&mut self, which: usize) {
        let Place::Domain(domain, proxy) = &mut self.drivers[which] else {
            return;
        };
        note(Milestone::Deaths);
        *proxy = None;
        domain.kill();
        end(domain, which as u32);
        domain.restart().unwrap_or_else(|error| panic!("{error}"));
    }

    fn kill(&mut self, which: usize) {
        match &mut self.drivers[which] {
            Place::Domain(..) => self.bury(which),
            Place::Host(driver) => {
                **driver = Driver::new(which as u32, false);
                over(which as u32);
            }
        }
    }

    /// Moves a function from one driver to another, or back to the same driver.
    fn carry(&mut self, from: usize, numbers: &mut Numbers) {
        match self.device(numbers) {
            device @ 0..2 => self.carry_one::<Nvme>(from, device, numbers),
            device @ 2..4 => self.carry_one::<Ixgbe>(from, device, numbers),
            device @ 4..6 => self.carry_one::<VirtioBlock>(from, device, numbers),
            device => self.carry_one::<VirtioNet>(from, device, numbers),
        }
    }

    fn carry_one<D: Exchange>(&mut self, from: usize, device: usize, numbers: &mut Numbers) {
        let board = device as u32 % 2;
        let to = numbers.below(self.drivers.len());
        let Some((function, serial)) = self.give::<D>(from, board) else {
            return;
        };
        // The ledger books the claim on the receiver already. Until the call returns, the host owns the function.
        ledger::moved(device, to as u32);
        let before = heap::census_all().capabilities;
        let kept = match &mut self.drivers[to] {
            Place::Host(driver) => {
                actor::take::<D>(driver, (function, serial), board);
                Ok(())
            }
            Place::Domain(domain, proxy) => {
                D::take(proxy_of(domain, proxy), (function, serial), board)
            }
        };
        let is_lost = kept.is_err();
        if is_lost || heap::census_all().capabilities < before {
            ledger::over(Holder { device, serial });
        }
        self.answered(to, kept);
    }

    fn give<D: Exchange>(&mut self, from: usize, board: u32) -> Option<actor::Carried<D>> {
        match &mut self.drivers[from] {
            Place::Host(driver) => actor::give::<D>(driver, board),
            Place::Domain(domain, proxy) => {
                let given = D::give(proxy_of(domain, proxy), board);
                self.answered(from, given)
            }
        }
    }

    /// Lends a function of one driver to another for a few steps.
    fn lend(&mut self, from: usize, numbers: &mut Numbers) {
        match self.device(numbers) {
            device @ 0..2 => self.lend_one::<Nvme>(from, device, numbers),
            device @ 2..4 => self.lend_one::<Ixgbe>(from, device, numbers),
            device @ 4..6 => self.lend_one::<VirtioBlock>(from, device, numbers),
            device => self.lend_one::<VirtioNet>(from, device, numbers),
        }
    }

    fn lend_one<D: Exchange>(&mut self, from: usize, device: usize, numbers: &mut Numbers) {
        let board = device as u32 % 2;
        let to = numbers.below(self.drivers.len());
        let Some((function, serial)) = self.give::<D>(from, board) else {
            return;
        };
        let holder = Holder { device, serial };
        // The host owns the function while it is lent.
        let host = DRIVERS as u32;
        ledger::moved(device, host);
        let function = RRef::new(function);
        for _ in 0..1 + numbers.below(4) {
            let word = u64::from_le_bytes(numbers.word());
            match &mut self.drivers[to] {
                Place::Host(driver) => {
                    let lent = D::lent(&function, holder);
                    let _ = expected_panics::caught(|| actor::step(driver, lent, word, self.plan));
                }
                Place::Domain(domain, proxy) => {
                    let proxy = proxy_of(domain, proxy);
                    let claim = actor::packed(holder);
                    let result = D::with(proxy, &function, claim, word, self.plan.word());
                    self.answered(to, result);
                }
            }
        }
        let function = RRef::into_inner(function);
        ledger::moved(device, from as u32);
        let kept = match &mut self.drivers[from] {
            Place::Host(driver) => {
                let is_free = D::boards(driver)[board as usize]
                    .look()
                    .is_some_and(|held| held.is_none());
                if is_free {
                    actor::take::<D>(driver, (function, serial), board);
                    return;
                }
                drop(function);
                Err(RpcError::Dead)
            }
            Place::Domain(domain, proxy) => {
                D::take(proxy_of(domain, proxy), (function, serial), board)
            }
        };
        if kept.is_err() {
            ledger::over(holder);
            if let Place::Domain(..) = self.drivers[from] {
                self.answered(from, kept);
            }
        }
    }

    /// Makes several threads take steps at once.
    fn together(&mut self, numbers: &mut Numbers) {
        let plan = Plan {
            is_shared: true,
            ..self.plan
        };
        let steps = 2 + numbers.below(12);
        let mut words: Vec<Vec<u64>> = Vec::new();
        for _ in 0..2 {
            let some = (0..steps).map(|_| u64::from_le_bytes(numbers.word()));
            words.push(some.collect());
        }
        let dies = numbers.one_in(8);
        let which = numbers.below(self.drivers.len());
        let ended = match &mut self.drivers[which] {
            Place::Host(driver) => {
                let driver: &Driver = driver;
                let run = |words: &[u64]| {
                    for &word in words {
                        let lent = crate::area::Lent::Nothing;
                        let _ = expected_panics::caught(|| actor::step(driver, lent, word, plan));
                    }
                };
                scope(|scope| {
                    for words in &words {
                        scope.spawn(|| run(words));
                    }
                });
                false
            }
            Place::Domain(domain, _) => {
                let domain: &Domain<dyn Actor> = domain;
                let run = |words: &[u64]| {
                    let Ok(proxy) = domain.proxy() else {
                        return true;
                    };
                    words
                        .iter()
                        .any(|&word| proxy.step(word, plan.word()).is_err())
                };
                scope(|scope| {
                    let runs: Vec<_> = words
                        .iter()
                        .map(|words| scope.spawn(|| run(words)))
                        .collect();
                    if dies {
                        domain.kill();
                    }
                    runs.into_iter()
                        .map(|run| run.join().unwrap_or(true))
                        .fold(false, |any, one| any | one)
                })
            }
        };
        if ended || dies {
            self.kill(which);
        }
    }

    /// Checks the rules.
    fn check(&self) {
        if self.is_limited && self.drivers.len() == 1 {
            let bytes = ledger::bytes_of(0);
            assert!(
                bytes <= quota(self.plan),
                "{bytes} bytes are with the devices, more than the quota"
            );
        }
        let violations = ledger::violations();
        assert!(
            violations.is_empty(),
            "step {}, {:?}:\n{}",
            self.taken,
            self.plan,
            violations.join("\n")
        );
        let unasked = expected_panics::unasked();
        assert!(unasked.is_none(), "step {}: {unasked:?}", self.taken);
        for device in devices(self.plan) {
            let nonsense = bench().all()[device].nonsense(self.plan.is_honest);
            assert!(nonsense.is_none(), "device {device}: {nonsense:?}");
        }
    }

    /// Ends everything, and checks that the totals are as they were before.
    ///
    /// # Panics
    /// If a rule was broken or the totals differ.
    pub fn end(self) {
        let before = self.before;
        for (name, driver) in (0..).zip(self.drivers) {
            match driver {
                Place::Host(driver) => {
                    drop(driver);
                    over(name);
                }
                Place::Domain(domain, proxy) => {
                    drop(proxy);
                    domain.kill();
                    end(&domain, name);
                }
            }
        }
        actor::withdraw();
        runtime().reap();
        let violations = ledger::violations();
        assert!(violations.is_empty(), "{}", violations.join("\n"));
        let (outside, _) = ledger::touched();
        assert_eq!(outside, 0, "devices touched bytes outside of what they may");
        assert_eq!(Totals::now(), before, "the totals after the case");
    }
}

/// Returns the devices of a case.
fn devices(plan: Plan) -> impl Iterator<Item = usize> {
    let kinds = (0..4).filter(move |kind| plan.kinds >> kind & 1 != 0);
    kinds.flat_map(move |kind| (0..plan.devices).map(move |device| 2 * kind + device))
}

/// Finds the registers as the host, before a domain looks for them.
fn listed() {
    let _ = (
        Nvme::listed().len(),
        Ixgbe::listed().len(),
        VirtioBlock::listed().len(),
        VirtioNet::listed().len(),
    );
}

/// Starts a driver in a domain of its own.
fn domain(name: u32, is_limited: bool, is_cut: bool) -> Place {
    let spec = DomainSpec::new("driver")
        .restart(Restart::limited(u32::MAX, Duration::from_secs(1 << 20)))
        .drain_timeout(Duration::from_secs(10));
    let spec = if is_limited {
        spec.shared_quota(QUOTA)
    } else {
        spec
    };
    let spec = if is_cut { ticks::limited(spec) } else { spec };
    let domain = runtime().spawn(spec, actor::init, Mint::of(move || name));
    let domain: Domain<dyn Actor> = domain.unwrap_or_else(|error| panic!("{error}"));
    actor::publish(name, &domain);
    Place::Domain(domain, None)
}

fn proxy_of<'p>(
    domain: &Domain<dyn Actor>,
    proxy: &'p mut Option<Proxy<dyn Actor>>,
) -> &'p Proxy<dyn Actor> {
    proxy.get_or_insert_with(|| domain.proxy().unwrap_or_else(|error| panic!("{error}")))
}

/// Waits until a dead domain is reclaimed with its claims, and checks its devices.
fn end(domain: &Domain<dyn Actor>, name: u32) {
    runtime().reap();
    wait_until("the reclaim", || {
        runtime().reap();
        domain.info().state == State::Free
    });
    over(name);
}

/// Checks that no device of a driver that has ended is bus master.
fn over(name: u32) {
    for device in ledger::dead(name) {
        let is_master = bench().is_bus_master(device);
        if is_master {
            ledger::violate(|| {
                format!("device {device} is bus master after the end of its driver")
            });
        }
    }
}
