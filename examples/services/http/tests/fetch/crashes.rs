//! The driver below a busy server dies again and again. The client still gets every byte.

use samara_fault::FaultPoint;
use samara_interfaces::tcp::{Network, NetworkStatistics};
use samara_proxy::Export;
use samara_testkit::faults as fault;
use samara_testkit::http_client::{HttpClient, Order, Outcome};
use samara_testkit::pattern;

use super::world::{CLIENT, PORT, SERVER, World};

const POINTS: [FaultPoint; 4] = [
    FaultPoint::Moved,
    FaultPoint::Submit,
    FaultPoint::InFlight,
    FaultPoint::Completion,
];

/// Fetches all of `order`. Meanwhile the driver crashes `crashes` times, spread over the bytes that are fetched.
fn fetch(world: &mut World, order: Order, crashes: u64) -> Outcome {
    let mut client = HttpClient::new(CLIENT, order);
    let total = order.requests * order.bytes;
    let mut armed = 0;
    for turn in 0.. {
        assert!(turn < 200_000, "not done: {:?}", client.outcome());
        let _ = world.turn(client.peer());
        client.poll(world.now);
        // The bytes are divided into equal parts, one for each crash. Each crash is armed at a random place in its
        // part.
        let part = total / crashes.max(1);
        let at = armed * part + pattern::word(order.seed, armed) % part.max(1);
        if armed < crashes && client.outcome().bytes >= at {
            fault::arm(POINTS[armed as usize % POINTS.len()], 0);
            armed += 1;
        }
        if client.is_done() && armed == crashes {
            break;
        }
    }
    // Lets the connections end.
    for _ in 0..10_000 {
        let _ = world.turn(client.peer());
        client.poll(world.now);
    }
    client.outcome()
}

fn order(connections: usize, requests: u64, bytes: u64) -> Order {
    Order {
        server: SERVER,
        port: PORT,
        connections,
        requests,
        seed: 42,
        bytes,
    }
}

fn statistics(world: &World) -> NetworkStatistics {
    world.net.proxy().unwrap().statistics().unwrap()
}

/// Invariant: RECOVER-4
#[test]
fn fetches_survive_twenty_driver_crashes() {
    let order = order(2, 5, 4 << 20);
    let mut world = World::new(order.seed, order.bytes, 2);
    let outcome = fetch(&mut world, order, 20);
    let expected = Outcome {
        answered: order.requests,
        failed: 0,
        bytes: order.requests * order.bytes,
    };
    assert_eq!(outcome, expected);
    assert_eq!(world.nic.restarts(), 20);
    let net = statistics(&world);
    assert_eq!((net.failures, net.accepted, net.open), (20, 2, 0));
    assert!(net.frames_in_doubt > 0 && net.retransmitted > 0, "{net:?}");
    assert_eq!((world.net.restarts(), world.http.restarts()), (0, 0));
    eprintln!(
        "{} frames out, {} retransmitted, {} in doubt, {} s of virtual time",
        net.frames_out,
        net.retransmitted,
        net.frames_in_doubt,
        world.now.as_secs()
    );
    world.finish();
}

#[test]
fn without_a_fault_nothing_is_sent_twice() {
    let order = order(3, 6, 300_001);
    let mut world = World::new(order.seed, order.bytes, 1);
    let outcome = fetch(&mut world, order, 0);
    assert_eq!((outcome.answered, outcome.failed), (6, 0));
    let net = statistics(&world);
    assert_eq!((net.failures, net.retransmitted, net.open), (0, 0, 0));
    assert_eq!(net.accepted, 3);
    world.finish();
}

/// Invariant: RECOVER-4
#[test]
fn lost_frames_only_cost_time() {
    let order = order(2, 2, 300_001);
    let mut world = World::new(order.seed, order.bytes, 1);
    world.loses = 7;
    let outcome = fetch(&mut world, order, 0);
    assert_eq!((outcome.answered, outcome.failed), (2, 0));
    world.finish();
}

/// Fetches the body three times, over one connection at a time. `kill` ends a domain in the middle of the second
/// fetch.
fn fetch_through(world: &mut World, kill: impl Fn(&World) -> bool) {
    let order = order(1, 3, BYTES);
    let mut client = HttpClient::new(CLIENT, order);
    let mut killed = false;
    for turn in 0.. {
        assert!(turn < 200_000, "not done: {:?}", client.outcome());
        let _ = world.turn(client.peer());
        client.poll(world.now);
        if !killed && client.outcome().bytes > order.bytes + 1000 {
            assert!(kill(world));
            killed = true;
        }
        if client.is_done() {
            break;
        }
    }
    // The request in progress is lost with its connection. The other two succeed, the last one through a new
    // listener.
    let outcome = client.outcome();
    assert_eq!((outcome.answered, outcome.failed), (2, 1));
}

const BYTES: u64 = 300_001;

/// Invariant: RECOVER-6
#[test]
fn dead_stack_loses_connections_and_listens_again() {
    let mut world = World::new(42, BYTES, 1);
    fetch_through(&mut world, |world| world.net.kill());
    assert_eq!((world.net.restarts(), world.http.restarts()), (1, 0));
    world.finish();
}

/// Invariant: RECOVER-6
#[test]
fn dead_server_frees_its_port_and_sockets() {
    let mut world = World::new(42, BYTES, 1);
    fetch_through(&mut world, |world| world.http.kill());
    assert_eq!((world.net.restarts(), world.http.restarts()), (0, 1));
    assert_eq!(statistics(&world).accepted, 2);
    world.finish();
}
