//! The value that the domain exports: the device as a [`NetDevice`].

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use samara_device_io::pci::ResetError;
use samara_device_io::queue::QueueError;
use samara_interfaces::net::{
    Exchanged, Link, MacAddress, NetDevice, NetError, NetInfo, NetStatistics, Packets, Waited,
};
use spin::{Mutex, MutexGuard};

use crate::args::{Args, Limits, MAX_QUEUES};
use crate::bring_up;
use crate::error::InitError;
use crate::faults::fault_point;
use crate::interrupts::Interrupts;
use crate::link::LinkStatus;
use crate::pair::{Outcome, Pair};
use crate::registers::Function;
use crate::totals::Totals;
use crate::watch::Reception;
use samara_driver::health::Health;
use samara_driver::recovery;

/// The number of milliseconds that an orderly stop waits for the frames of a queue to leave.
const DRAIN_MILLIS: u64 = 100;
const NANOS_PER_MILLI: u64 = 1_000_000;
/// The longest wait, in microseconds. A bound is needed: a reset by another thread masks the vector, and then a
/// waiting thread sleeps until its time is over.
const LONGEST_WAIT: u32 = 1_000_000;

type Pairs = [Option<Mutex<Pair>>; MAX_QUEUES as usize];

/// An 82599 that this driver has brought up.
pub struct Nic {
    // These fields are declared before the function, so they are dropped before it.
    interrupts: Interrupts,
    pairs: Pairs,
    totals: Mutex<Totals>,
    reception: Mutex<Reception>,
    health: Health,
    /// Whether the link was up when the driver last looked at it.
    up: AtomicBool,
    mac: MacAddress,
    limits: Limits,
    function: Function,
}

impl Nic {
    pub(crate) fn new(args: Args) -> Result<Self, InitError> {
        let Args { function, limits } = args;
        let limits = limits.clamped();
        let mac = recovery::ask_twice(|| bring_up::reset(&function), InitError::says)?;
        let mut pairs = Pairs::default();
        for (number, pair) in (0..limits.queues).zip(&mut pairs) {
            *pair = Some(Mutex::new(Pair::new(&function, number, &limits)?));
        }
        let nic = Self {
            interrupts: Interrupts::claim(&function, limits.queues),
            pairs,
            totals: Mutex::default(),
            reception: Mutex::default(),
            health: Health::default(),
            up: AtomicBool::new(false),
            mac,
            limits,
            function,
        };
        nic.start(&mut nic.lock_all().ok_or(InitError::NotReady)?)?;
        // The read discards the counts that an earlier owner has left in the counters.
        Totals::default().collect(&nic.function);
        Ok(nic)
    }

    /// Locks a queue pair. If another thread has locked it, waits for `lock_millis` at most.
    fn lock<'a>(&self, pair: &'a Mutex<Pair>) -> Option<MutexGuard<'a, Pair>> {
        let millis = self.limits.lock_millis;
        self.function.wait_for(millis, || pair.try_lock())
    }

    /// Locks all queue pairs, waiting for each as [`lock`](Self::lock) does.
    fn lock_all(&self) -> Option<Guards<'_>> {
        let mut guards = Guards::default();
        for (pair, guard) in self.pairs.iter().zip(&mut guards) {
            if let Some(pair) = pair {
                *guard = Some(self.lock(pair)?);
            }
        }
        Some(guards)
    }

    /// Configures a device that was reset, starts its queues and lets frames in.
    fn start(&self, guards: &mut Guards<'_>) -> Result<(), InitError> {
        bring_up::configure(&self.function, &self.limits)?;
        // With one queue a frame may wait for a buffer. With several queues, a waiting frame would hold up the frames
        // of the other queues.
        let drop = self.limits.queues > 1;
        for pair in guards.iter_mut().flatten() {
            pair.start(&self.function, drop)?;
        }
        self.interrupts.program(&self.function)?;
        bring_up::open(&self.function)?;
        // The link was restarted, so it counts as down until a look shows that it is up.
        self.up.store(false, Ordering::Relaxed);
        self.glance();
        Ok(())
    }

    /// Notes the link's state. Returns `None`, and notes that the link is down, if no device answered.
    fn see(&self, status: LinkStatus) -> Option<LinkStatus> {
        let present = !status.is_absent();
        self.up.store(present && status.is_up(), Ordering::Relaxed);
        present.then_some(status)
    }

    /// Reads the link's state, for a call that serves another purpose, and notes it. Returns `None` if no device
    /// answers.
    fn glance(&self) -> Option<LinkStatus> {
        let up = self.up.load(Ordering::Relaxed);
        self.see(LinkStatus::glance(&self.function, up))
    }

    /// Whether the queue has anything to receive.
    fn has_frames(&self, pair: &Mutex<Pair>) -> Result<bool, NetError> {
        self.lock(pair)
            .ok_or(NetError::Busy)?
            .has_frames(&self.function)
            .map_err(|_| NetError::Failed)
    }

    /// Whether the queue has anything to receive, for a call that has waited. Also looks at the device if the clock
    /// says that a look is due. A thread that waits makes so few calls that their number would not make a look due in
    /// time.
    fn has_frames_by_now(&self, pair: &Mutex<Pair>) -> Result<bool, NetError> {
        let mut guard = self.lock(pair).ok_or(NetError::Busy)?;
        self.health.check()?;
        if self.is_ill(&mut guard)? {
            self.recover_now(guard);
            return self.health.check().map(|()| false);
        }
        let ready = guard.has_frames(&self.function);
        ready.map_err(|_| NetError::Failed)
    }

    /// Whether the device must be reset: it does not answer, it has reset itself, or frames do not leave or arrive.
    /// Returns false if no look at the device is due yet.
    #[cold]
    #[inline(never)]
    fn is_ill(&self, pair: &mut Pair) -> Result<bool, NetError> {
        let now = self.function.clock().now();
        let nanos = self.limits.tx_millis.saturating_mul(NANOS_PER_MILLI);
        if !pair.watch.is_due(now, nanos) {
            return Ok(false);
        }
        let Some(link) = self.glance() else {
            // Perhaps the device was unplugged. The reset that follows finds this out.
            return Ok(true);
        };
        if !bring_up::is_open(&self.function) {
            // The device has reset itself.
            return Ok(true);
        }
        let still = pair.stands_still(&self.function, link.is_up(), now, nanos);
        let deaf = self.is_deaf(pair, now, nanos);
        still
            .and_then(|still| Ok(still | deaf?))
            .map_err(|_| NetError::Failed)
    }

    /// Whether reception hangs: the device drops frames though it has buffers, and gives none to any queue. Returns
    /// false if no look at reception is due yet.
    fn is_deaf(&self, pair: &mut Pair, now: u64, nanos: u64) -> Result<bool, QueueError> {
        let mut reception = self.reception.lock();
        if !reception.is_due(now, nanos) {
            return Ok(false);
        }
        let counts = self.totals.lock().arrivals(&self.function);
        // If frames wait in the queue, no caller has taken them, and the queue may have run out of buffers for that
        // reason. Such a queue does not hang.
        let waiting = pair.has_frames(&self.function)?;
        Ok(reception.hangs(counts, waiting, now, nanos))
    }

    /// Recovers the device if `broken`, because it has broken its protocol, or if [`is_ill`](Self::is_ill).
    #[cold]
    #[inline(never)]
    fn look(&self, mut guard: MutexGuard<'_, Pair>, broken: bool) -> Result<(), NetError> {
        if broken || self.is_ill(&mut guard)? {
            self.recover_now(guard);
        }
        Ok(())
    }

    /// Recovers a device that the caller has found ill while it held `guard`. Unlocks the pair first, because the
    /// recovery locks all pairs. The epoch shows whether another thread recovers the device in between.
    #[cold]
    #[inline(never)]
    fn recover_now(&self, guard: MutexGuard<'_, Pair>) {
        let epoch = self.function.epoch();
        drop(guard);
        self.recover(epoch);
    }

    /// Resets the device and brings it up again, unless another thread has done so since `epoch` or has given the
    /// device up. The frames in its queues are lost, but their buffers are kept. If the bring-up keeps failing, the
    /// device is given up.
    #[cold]
    #[inline(never)]
    fn recover(&self, epoch: u64) {
        let Some(mut guards) = self.lock_all() else {
            // Another thread is busy with the device. If the device stays ill, a later call notices it.
            return;
        };
        if self.health.check().is_err() || self.function.epoch() != epoch {
            return;
        }
        let seen = {
            // The driver reads the counters now, because the reset clears them.
            let mut totals = self.totals.lock();
            let seen = totals.collect(&self.function);
            totals.count_reset();
            seen
        };
        *self.reception.lock() = Reception::since(seen);
        let once = || {
            if bring_up::reset(&self.function)? != self.mac {
                return Err(InitError::Changed);
            }
            take_back(&self.function, &mut guards)?;
            self.start(&mut guards)
        };
        if let Err(error) = recovery::begin_again(&self.function, once, InitError::says) {
            let error = match error {
                InitError::Reset(ResetError::Absent) => NetError::Gone,
                _ => NetError::Failed,
            };
            self.give_up(&mut guards, error);
        }
    }

    /// Ends the use of the device because of `error`: silences it and takes its packets back.
    fn give_up(&self, guards: &mut Guards<'_>, error: NetError) {
        self.health.end(&self.function, error);
        let _ = take_back(&self.function, guards);
    }

    /// Stops the device in an orderly way. Lets no more frames in, waits for at most 100 ms in each queue until its
    /// frames have left, disables the queues, and silences the device. The packets in the queues are freed with the
    /// driver. Later calls fail, except `info` and `statistics`.
    ///
    /// # Errors
    ///
    /// [`InitError`] if frames do not leave or a queue does not stop in time, or if the device was given up before.
    /// The device is silenced all the same. [`InitError::NotReady`] if another thread keeps a queue locked; then
    /// nothing was stopped.
    pub fn shut_down(&self) -> Result<(), InitError> {
        let mut guards = self.lock_all().ok_or(InitError::NotReady)?;
        if self.health.check().is_err() {
            return Err(InitError::NotReady);
        }
        bring_up::close(&self.function);
        let mut stopped = Ok(());
        for pair in guards.iter_mut().flatten() {
            let one = pair.stop(&self.function, DRAIN_MILLIS);
            stopped = stopped.and(one);
        }
        self.give_up(&mut guards, NetError::Failed);
        Ok(stopped?)
    }
}

/// Takes all packets back from queues that don't run.
fn take_back(function: &Function, guards: &mut Guards<'_>) -> Result<(), QueueError> {
    let mut pairs = guards.iter_mut().flatten();
    pairs.try_for_each(|pair| pair.take_back(function))
}

type Guards<'p> = [Option<MutexGuard<'p, Pair>>; MAX_QUEUES as usize];

impl NetDevice for Nic {
    fn info(&self) -> Result<NetInfo, NetError> {
        Ok(NetInfo {
            mac: self.mac,
            mtu: self.limits.mtu,
            queues: self.limits.queues,
            tx_room: self.limits.tx_entries as u16 - 1,
        })
    }

    fn link(&self) -> Result<Link, NetError> {
        self.health.check()?;
        let epoch = self.function.epoch();
        let read = || {
            let up = self.up.load(Ordering::Relaxed);
            self.see(LinkStatus::read(&self.function, up))
        };
        let mut status = read();
        if status.is_none() {
            self.recover(epoch);
            self.health.check()?;
            status = read();
        }
        Ok(match status {
            Some(status) if status.is_up() => Link::Up {
                mbps: status.mbps(),
            },
            _ => Link::Down,
        })
    }

    fn statistics(&self) -> Result<NetStatistics, NetError> {
        let (mut sent, mut received) = (0u64, 0u64);
        for pair in self.pairs.iter().flatten() {
            let pair = self.lock(pair).ok_or(NetError::Busy)?;
            sent = sent.saturating_add(pair.tx_errors);
            received = received.saturating_add(pair.rx_errors);
        }
        let mut totals = self.totals.lock();
        totals.collect(&self.function);
        Ok(totals.with_errors(sent, received))
    }

    fn exchange(&self, queue: u16, tx: Packets, rx: Packets) -> Result<Exchanged, NetError> {
        self.health.check()?;
        let pair = self.pairs.get(usize::from(queue)).and_then(Option::as_ref);
        let pair = pair.ok_or(NetError::NoSuchQueue)?;
        let mut guard = self.lock(pair).ok_or(NetError::Busy)?;
        let up = self.up.load(Ordering::Relaxed);
        let outcome = guard.exchange(&self.function, up, tx, rx);
        let Outcome {
            exchanged,
            broken,
            ask,
        } = outcome.map_err(|_| NetError::Failed)?;
        // The result is destructured, so that its parts stay in registers. The whole value would lie in memory,
        // because it may be dropped here.
        let Exchanged {
            tx,
            rx,
            unsent,
            received,
        } = exchanged;
        if ask || broken {
            self.look(guard, broken)?;
        } else {
            drop(guard);
        }
        Ok(Exchanged {
            tx,
            rx,
            unsent,
            received,
        })
    }

    fn wait(&self, queue: u16, micros: u32) -> Result<Waited, NetError> {
        self.health.check()?;
        let pair = self.pairs.get(usize::from(queue)).and_then(Option::as_ref);
        let pair = pair.ok_or(NetError::NoSuchQueue)?;
        let Some(line) = self.interrupts.line(queue) else {
            return Ok(Waited::Unsupported);
        };
        let line = line.ok_or(NetError::Busy)?;
        let epoch = self.function.epoch();
        let (mut seen, mut present) = line.ask(&self.function);
        if !present {
            self.recover(epoch);
            self.health.check()?;
            (seen, present) = line.ask(&self.function);
        }
        if !present {
            return Ok(Waited::TimedOut);
        }
        let mut ready = self.has_frames(pair)?;
        if !ready {
            let timeout = Duration::from_micros(micros.min(LONGEST_WAIT).into());
            line.wait(seen, timeout);
            fault_point!(Completion);
            ready = self.has_frames_by_now(pair)?;
        }
        line.done(&self.function);
        Ok(if ready {
            Waited::Ready
        } else {
            Waited::TimedOut
        })
    }
}

impl Drop for Nic {
    fn drop(&mut self) {
        // If the orderly stop fails, the drop of the function silences the device.
        let _ = self.shut_down();
    }
}

impl fmt::Debug for Nic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nic")
            .field("function", &self.function)
            .field("mac", &self.mac)
            .finish_non_exhaustive()
    }
}
