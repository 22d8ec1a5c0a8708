//! The host's knowledge of its domains: events in order, ends by generation, statistics. The sink of these tests
//! calls back into the runtime, at each place where the runtime reports an event.

use samara_domain_runtime::{
    Cursor, Domain, DomainSpec, Event, EventKind, EventLog, ExitKind, Mint, Record, Restart,
    SpawnError,
};
use samara_host_std::{DomainAlloc, System, event_log, runtime, set_event_sink};
use samara_proxy::{Export, RpcError, interface};
use samara_rref::RRef;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const HOUR: Duration = Duration::from_secs(3600);

#[interface]
trait Store {
    fn keep(&self, object: RRef<[u8]>) -> Result<(), RpcError>;
    fn crash(&self, number: usize) -> Result<(), RpcError>;
}

#[derive(Default)]
struct HostResource(Mutex<Vec<RRef<[u8]>>>);

impl Store for HostResource {
    fn keep(&self, object: RRef<[u8]>) -> Result<(), RpcError> {
        self.0.lock().unwrap().push(object);
        Ok(())
    }
    fn crash(&self, number: usize) -> Result<(), RpcError> {
        panic!("crash {number}");
    }
}

static REENTERED: AtomicUsize = AtomicUsize::new(0);

/// Does everything that a sink may do, and one thing that it should not do: it spawns a domain.
fn nosy(event: &Event<'_>) {
    let host = runtime();
    host.reap();
    let known = host.domains().count();
    if let Event::Died { name: "nosy", .. } = event {
        let spec = DomainSpec::new("from-sink");
        let init = |()| Ok::<_, RpcError>(HostResource::default());
        let domain: Domain<dyn Store> = host.spawn(spec, init, Mint::nothing()).unwrap();
        assert!(domain.proxy().unwrap().keep(RRef::from_slice(&[1])).is_ok());
        assert!(domain.kill());
    }
    REENTERED.fetch_add(known.min(1), SeqCst);
}

/// Lets one test run at a time, because all tests read the same event log. First it reclaims the domains that the
/// previous test has left. If these slots became free during a test, the test's spawns would take them instead of the
/// slots that the test expects.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    set_event_sink(nosy);
    let alone = ALONE.lock().unwrap_or_else(|poison| poison.into_inner());
    runtime().reap();
    alone
}

fn spawn(name: &str, times: u32) -> Domain<dyn Store> {
    let spec = DomainSpec::new(name).restart(Restart::limited(times, HOUR));
    let init = |()| Ok::<_, RpcError>(HostResource::default());
    runtime().spawn(spec, init, Mint::nothing()).unwrap()
}

fn now() -> Cursor {
    let mut cursor = Cursor::default();
    while event_log().read(&mut cursor).is_some() {}
    cursor
}

fn since(cursor: &mut Cursor, name: &str) -> Vec<Record> {
    std::iter::from_fn(|| event_log().read(cursor))
        .filter(|record| record.name.as_str() == name)
        .collect()
}

#[test]
fn events_come_in_order_with_their_generations() {
    let _alone = alone();
    let mut cursor = now();
    let domain = spawn("told", 1);
    let (id, generation) = (domain.info().id, domain.info().generation);
    let proxy = domain.proxy().unwrap();
    proxy.keep(RRef::from_slice(&[1; 100])).unwrap();
    assert_eq!(proxy.crash(1), Err(RpcError::Crashed));
    domain.restart().unwrap();
    domain.kill();
    assert_eq!(domain.restart(), Err(SpawnError::BudgetExhausted));
    let records = since(&mut cursor, "told");
    let kinds: Vec<_> = records
        .iter()
        .map(|record| match record.what {
            EventKind::Started { id, generation } => ("started", id, generation),
            EventKind::Died { id, generation, .. } => ("died", id, generation),
            EventKind::Reclaimed { id, generation, .. } => ("reclaimed", id, generation),
            EventKind::Restarted { id, generation, .. } => ("restarted", id, generation),
            EventKind::BudgetExhausted => ("exhausted", 0, 0),
            _ => ("other", 0, 0),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            ("started", id, generation),
            ("died", id, generation),
            ("reclaimed", id, generation),
            ("started", id, generation + 1),
            ("restarted", id, generation + 1),
            ("died", id, generation + 1),
            ("reclaimed", id, generation + 1),
            ("exhausted", 0, 0),
        ]
    );
    assert!(records.is_sorted_by_key(|record| (record.number, record.at)));
    assert_eq!(cursor.lost, 0);
}

#[test]
fn ends_are_kept_when_another_domain_has_the_slot() {
    let _alone = alone();
    let domain = spawn("ends", 100);
    for number in 0..20 {
        let generation = domain.info().generation;
        let proxy = domain.proxy().unwrap();
        assert_eq!(proxy.crash(number), Err(RpcError::Crashed));
        let last = domain.exits().last().unwrap();
        assert_eq!(last.generation, generation);
        assert_eq!(last.reason.message.as_str(), format!("crash {number}"));
        assert_eq!(domain.exit_reason(), Some(last.reason));
        // Another domain takes the slot and dies, too.
        runtime().reap();
        let other = spawn("ends-other", 0);
        assert_eq!(other.info().id, last.id);
        other.kill();
        assert_eq!(domain.exit_reason(), Some(last.reason));
        domain.restart().unwrap();
        assert_eq!(domain.exit_reason(), None);
    }
    let messages: Vec<_> = domain.exits().map(|exit| exit.reason.message).collect();
    let messages: Vec<_> = messages.iter().map(|text| text.as_str()).collect();
    let newest: Vec<_> = (12..20).map(|number| format!("crash {number}")).collect();
    assert_eq!(messages, newest);
    assert!(domain.kill());
    assert_eq!(domain.exit_reason().unwrap().kind, ExitKind::Killed);
}

#[test]
fn statistics_are_of_the_running_generation() {
    let _alone = alone();
    let domain = spawn("statistics", 1);
    let proxy = domain.proxy().unwrap();
    for _ in 0..10 {
        proxy.keep(RRef::from_slice(&[1; 1000])).unwrap();
    }
    std::thread::sleep(Duration::from_millis(2));
    let info = domain.info();
    // `init` was a call, too, and its value is an object.
    assert_eq!((info.calls, info.objects, info.capabilities), (11, 11, 0));
    assert!(info.shared_bytes >= 10 * 1000 && info.shared_bytes <= 10 * 1024 + 4096);
    assert!(info.private_bytes > 0);
    assert!(info.uptime >= Duration::from_millis(2) && info.uptime < HOUR);
    domain.restart().unwrap();
    let fresh = domain.info();
    assert_eq!((fresh.calls, fresh.objects, fresh.restarts), (1, 1, 1));
    assert!(fresh.uptime < info.uptime || fresh.generation != info.generation);
    assert!(domain.kill());
    let dead = domain.info();
    assert_eq!((dead.shared_bytes, dead.uptime), (0, Duration::ZERO));
}

#[test]
fn a_sink_may_call_back_from_wherever_it_is_called() {
    let _alone = alone();
    let before = REENTERED.load(SeqCst);
    // The sink is told of the death while the crashed call still counts as inside the domain.
    let domain = spawn("nosy", 3);
    assert_eq!(domain.proxy().unwrap().crash(0), Err(RpcError::Crashed));
    domain.restart().unwrap();
    domain.stop(HOUR).unwrap();
    assert!(REENTERED.load(SeqCst) >= before + 6);
    runtime().reap();
    assert!(
        !runtime()
            .domains()
            .any(|info| info.name.as_str() == "from-sink")
    );
}

#[test]
fn a_slow_reader_learns_what_it_missed() {
    let log = EventLog::<8>::new();
    let mut cursor = Cursor::default();
    assert_eq!(log.read(&mut cursor), None);
    for _ in 0..20 {
        log.push(&Event::BudgetExhausted { name: "x" });
    }
    let read: Vec<_> = std::iter::from_fn(|| log.read(&mut cursor)).collect();
    let numbers: Vec<_> = read.iter().map(|record| record.number).collect();
    assert_eq!(numbers, (12..20).collect::<Vec<_>>());
    assert_eq!(cursor.lost, 12);
    // If two threads write while this one reads, each event is either read, in order, or counted as lost.
    let log = EventLog::<8>::new();
    let mut cursor = Cursor::default();
    let (mut seen, mut last) = (0, None);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..5000 {
                    log.push(&Event::GaveUp { name: "y" });
                }
            });
        }
        while seen + cursor.lost < 10_000 {
            let Some(record) = log.read(&mut cursor) else {
                std::thread::yield_now();
                continue;
            };
            assert!(last < Some(record.number));
            last = Some(record.number);
            seen += 1;
        }
    });
    assert_eq!(last, Some(9999));
}
