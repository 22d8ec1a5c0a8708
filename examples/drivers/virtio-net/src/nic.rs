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

/// How long frames may take to leave at an orderly stop.
const DRAIN_MILLIS: u64 = 100;
const NANOS_PER_MILLI: u64 = 1_000_000;
/// The longest wait, in microseconds: what a reset in between may cost one who waits.
const LONGEST_WAIT: u32 = 1_000_000;

/// A virtio network device, driven.
pub struct Nic {
    // Declared before the function, so dropped before it.
    interrupts: Interrupts,
    pair: Mutex<Pair>,
    health: Health,
    up: AtomicBool,
    /// The device says whether its link is up, since its last reset.
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

    /// Waits for the queues, but not for ever.
    fn lock(&self) -> Result<MutexGuard<'_, Pair>, NetError> {
        let millis = self.limits.lock_millis;
        let guard = self.function.wait_for(millis, || self.pair.try_lock());
        guard.ok_or(NetError::Busy)
    }

    /// Takes note of the link's state. It is as it was if nothing answers.
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

    /// Looks at the device, and whether frames leave, if that is due by now; whether it is to be reset.
    #[cold]
    #[inline(never)]
    fn is_ill(&self, pair: &mut Pair) -> bool {
        let now = self.function.clock().now();
        let nanos = self.limits.tx_millis.saturating_mul(NANOS_PER_MILLI);
        if !pair.watch.is_due(now, nanos) {
            return false;
        }
        // Whether it was unplugged is for its reset to say.
        if virtio::state(&self.function) != State::Live {
            return true;
        }
        let up = self.see_link();
        let still = pair.stands_still(&self.function, up, now, nanos);
        still.unwrap_or(true)
    }

    /// Resets the device and brings it up again, unless another thread has given it up. Frames in its queues are lost; their
    /// buffers are kept. If that fails, or it isn't what it was, it isn't used any more.
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

    /// The device isn't used any more. Its buffers are taken back.
    fn give_up(&self, pair: &mut Pair, error: NetError) -> NetError {
        let error = self.health.end(&self.function, error);
        let _ = pair.take_back(&self.function);
        error
    }

    /// Recovers the device, unless it works by now.
    #[cold]
    fn recover_if_ill(&self) -> Result<(), NetError> {
        let mut pair = self.lock()?;
        self.health.check()?;
        if virtio::state(&self.function) != State::Live {
            self.recover(&mut pair);
        }
        self.health.check()
    }

    /// Whether the queue has anything to receive; `wanted` says whether the next frame is to interrupt.
    fn has_frames(&self, wanted: bool) -> Result<bool, NetError> {
        self.ready(&mut *self.lock()?, wanted)
    }

    fn ready(&self, pair: &mut Pair, wanted: bool) -> Result<bool, NetError> {
        if let Ok(ready) = pair.has_frames(&self.function, wanted) {
            return Ok(ready);
        }
        self.recover(pair);
        self.health.check().map(|()| false)
    }

    /// The same behind a wait: for a thread that waits the clock counts, not its calls.
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

    /// An orderly stop: what is to be sent leaves, for a tenth of a second at most; then the device is reset. The packets in its
    /// queues are freed with the driver. Calls after it fail.
    ///
    /// # Errors
    ///
    /// [`NetError`] if the device does not comply; it is silenced when the function is given back.
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
        // An orderly stop; if the device does not comply, the function's drop silences it.
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
