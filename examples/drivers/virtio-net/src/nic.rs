//! The value that the domain exports: the device as a [`NetDevice`].

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use samara_driver::health::Health;
use samara_driver::recovery;
use samara_driver::virtio::{self, State, TransportError};
use samara_interfaces::net::{
    Exchanged, Link, NetDevice, NetError, NetInfo, NetStatistics, Packets, Waited,
};
use spin::{Mutex, MutexGuard};

use crate::args::{Args, Limits};
use crate::bring_up::{self, Facts, Function};
use crate::error::InitError;
use crate::faults::fault_point;
use crate::interrupts::Interrupts;
use crate::pair::{Outcome, Pair};

/// The number of milliseconds that an orderly stop waits for frames to leave.
const DRAIN_MILLIS: u64 = 100;
const NANOS_PER_MILLI: u64 = 1_000_000;
/// The longest wait, in microseconds. A bound is needed: a reset by another thread turns interrupts off, and then a
/// waiting thread sleeps until its time is over.
const LONGEST_WAIT: u32 = 1_000_000;

/// A virtio network device that this driver has brought up.
pub struct Nic {
    // This field is declared before the function, and so it is dropped before the function.
    interrupts: Interrupts,
    pair: Mutex<Pair>,
    health: Health,
    /// Whether the link was up when the driver last read its status.
    up: AtomicBool,
    /// Whether the device reports its link status, as negotiated at its last reset.
    tells_link: AtomicBool,
    facts: Facts,
    mtu: u16,
    tx_room: u16,
    limits: Limits,
    function: Function,
}

impl Nic {
    pub(crate) fn new(args: Args) -> Result<Self, InitError> {
        let Args { function, limits } = args;
        let limits = limits.clamped();
        let facts = recovery::ask_twice(|| bring_up::negotiate(&function), InitError::says)?;
        let mtu = limits.mtu.min(facts.mtu);
        let mut pair = Pair::new(&function, &limits, mtu)?;
        let tx_room = pair.tx_room();
        let interrupts = Interrupts::claim(&function);
        let (mut is_reset, mut tells_link) = (true, facts.tells_link);
        let once = || {
            if !core::mem::take(&mut is_reset) {
                let again = bring_up::negotiate(&function)?;
                if !again.keep(&facts, mtu) {
                    return Err(InitError::Changed);
                }
                tells_link = again.tells_link;
                pair.take_back(&function)?;
            }
            pair.start(&function, interrupts.vector())?;
            Ok(interrupts.see(&function)?)
        };
        recovery::ask_twice(once, InitError::says)?;
        let nic = Self {
            interrupts,
            pair: Mutex::new(pair),
            health: Health::default(),
            up: AtomicBool::new(true),
            tells_link: AtomicBool::new(tells_link),
            facts,
            mtu,
            tx_room,
            limits,
            function,
        };
        nic.see_link();
        Ok(nic)
    }

    /// Locks the queues. If another thread has locked them, waits for `lock_millis` at most.
    fn lock(&self) -> Result<MutexGuard<'_, Pair>, NetError> {
        let millis = self.limits.lock_millis;
        let guard = self.function.wait_for(millis, || self.pair.try_lock());
        guard.ok_or(NetError::Busy)
    }

    /// Reads the link's state, notes it and returns it. If the device does not answer, the state stays as it was.
    fn see_link(&self) -> bool {
        let seen = if self.tells_link.load(Ordering::Relaxed) {
            bring_up::link_is_up(&self.function)
        } else {
            Some(true)
        };
        let Some(up) = seen else {
            return self.up.load(Ordering::Relaxed);
        };
        self.up.store(up, Ordering::Relaxed);
        up
    }

    /// Whether the device must be reset, because it is not live or frames do not leave. Returns false if no look at
    /// the device is due yet.
    #[cold]
    #[inline(never)]
    fn is_ill(&self, pair: &mut Pair) -> bool {
        let now = self.function.clock().now();
        let nanos = self.limits.tx_millis.saturating_mul(NANOS_PER_MILLI);
        if !pair.watch.is_due(now, nanos) {
            return false;
        }
        // Perhaps the device was unplugged. Its reset finds that out.
        if virtio::state(&self.function) != State::Live {
            return true;
        }
        let up = self.see_link();
        let still = pair.stands_still(&self.function, up, now, nanos);
        still.unwrap_or(true)
    }

    /// Resets the device and brings it up again, unless another thread has given it up. The frames in its queues are
    /// lost, but their buffers are kept. If the bring-up keeps failing, or the device has changed, the driver gives
    /// the device up.
    #[cold]
    #[inline(never)]
    fn recover(&self, pair: &mut Pair) {
        if self.health.check().is_err() {
            return;
        }
        pair.statistics.resets += 1;
        let once = || self.bring_up(pair);
        if let Err(error) = recovery::begin_again(&self.function, once, InitError::says) {
            let error = match error {
                InitError::Transport(TransportError::Gone) => NetError::Gone,
                _ => NetError::Failed,
            };
            self.give_up(pair, error);
        }
    }

    /// Resets the device and starts it again, once.
    fn bring_up(&self, pair: &mut Pair) -> Result<(), InitError> {
        let negotiated = bring_up::negotiate(&self.function);
        let taken = pair.take_back(&self.function);
        let facts = negotiated?;
        if !facts.keep(&self.facts, self.mtu) {
            return Err(InitError::Changed);
        }
        taken?;
        pair.start(&self.function, self.interrupts.vector())?;
        self.interrupts.see(&self.function)?;
        self.tells_link.store(facts.tells_link, Ordering::Relaxed);
        self.see_link();
        Ok(())
    }

    /// Ends the use of the device: silences it and takes its buffers back. Returns the error of all later calls.
    fn give_up(&self, pair: &mut Pair, error: NetError) -> NetError {
        let error = self.health.end(&self.function, error);
        let _ = pair.take_back(&self.function);
        error
    }

    /// Recovers the device. Does nothing if it is live by now, because then another thread has recovered it.
    #[cold]
    fn recover_if_ill(&self) -> Result<(), NetError> {
        let mut pair = self.lock()?;
        self.health.check()?;
        if virtio::state(&self.function) != State::Live {
            self.recover(&mut pair);
        }
        self.health.check()
    }

    /// Whether there are frames to receive. `wanted` says whether the next frame should interrupt.
    fn has_frames(&self, wanted: bool) -> Result<bool, NetError> {
        self.ready(&mut *self.lock()?, wanted)
    }

    /// Does the same, with queues that the caller has locked already. Recovers the device if it broke its protocol.
    fn ready(&self, pair: &mut Pair, wanted: bool) -> Result<bool, NetError> {
        if let Ok(ready) = pair.has_frames(&self.function, wanted) {
            return Ok(ready);
        }
        self.recover(pair);
        self.health.check().map(|()| false)
    }

    /// Whether there are frames to receive, for a call that has waited. Also looks at the device if the clock says
    /// that a look is due. A thread that waits makes so few calls that their number would not make a look due in
    /// time.
    fn has_frames_by_now(&self) -> Result<bool, NetError> {
        let mut pair = self.lock()?;
        self.health.check()?;
        let ready = self.ready(&mut pair, false)?;
        if self.is_ill(&mut pair) {
            self.recover(&mut pair);
            return self.health.check().map(|()| false);
        }
        Ok(ready)
    }

    /// Stops the device in an orderly way. Waits for at most 100 ms until the frames that it was given have left, and
    /// resets it. The packets in its queues are freed with the driver. Later calls fail, except `info` and
    /// `statistics`.
    ///
    /// # Errors
    ///
    /// [`NetError`] if the device can't be reset or was given up before. It is silenced all the same.
    /// [`NetError::Busy`] if another thread keeps the queues locked; then nothing was stopped.
    pub fn shut_down(&self) -> Result<(), NetError> {
        let mut pair = self.lock()?;
        self.health.check()?;
        pair.drain(&self.function, DRAIN_MILLIS);
        let reset = self.function.reset();
        let failed = self.give_up(&mut pair, NetError::Failed);
        reset.map_err(|_| failed)
    }
}

impl NetDevice for Nic {
    fn info(&self) -> Result<NetInfo, NetError> {
        Ok(NetInfo {
            mac: self.facts.mac,
            mtu: self.mtu,
            queues: 1,
            tx_room: self.tx_room,
        })
    }

    fn link(&self) -> Result<Link, NetError> {
        self.health.check()?;
        let mut up = self.see_link();
        if virtio::state(&self.function) == State::Absent {
            self.recover_if_ill()?;
            up = self.up.load(Ordering::Relaxed);
        }
        Ok(if up { Link::Up { mbps: 0 } } else { Link::Down })
    }

    fn statistics(&self) -> Result<NetStatistics, NetError> {
        Ok(self.lock()?.statistics)
    }

    fn exchange(&self, queue: u16, tx: Packets, rx: Packets) -> Result<Exchanged, NetError> {
        self.health.check()?;
        if queue != 0 {
            return Err(NetError::NoSuchQueue);
        }
        let mut pair = self.lock()?;
        let up = self.up.load(Ordering::Relaxed);
        let Outcome {
            exchanged,
            broken,
            ask,
        } = pair.exchange(&self.function, up, tx, rx);
        if broken || ask && self.is_ill(&mut pair) {
            self.recover(&mut pair);
        }
        Ok(exchanged)
    }

    fn wait(&self, queue: u16, micros: u32) -> Result<Waited, NetError> {
        self.health.check()?;
        if queue != 0 {
            return Err(NetError::NoSuchQueue);
        }
        let Some(line) = self.interrupts.line() else {
            return Ok(Waited::Unsupported);
        };
        let line = line.ok_or(NetError::Busy)?;
        if virtio::state(&self.function) != State::Live {
            self.recover_if_ill()?;
        }
        let seen = line.count();
        let ready = if self.has_frames(true)? {
            self.has_frames(false)?
        } else {
            let timeout = Duration::from_micros(micros.min(LONGEST_WAIT).into());
            line.wait(seen, timeout);
            fault_point!(Completion);
            self.has_frames_by_now()?
        };
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
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}
