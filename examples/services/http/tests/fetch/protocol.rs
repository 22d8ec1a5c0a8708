//! Tests the server's answers, and how long it keeps a connection.

use samara_interfaces::http::HttpServer;
use samara_testkit::http_client::Peer;
use samara_testkit::pattern;

use super::world::{CLIENT, PORT, SERVER, World};

const SEED: u64 = 9;
const BYTES: u64 = 50_000;

/// Sends `request` on a new connection, in pieces of `piece` bytes, and receives until no more bytes arrive. Returns
/// all received bytes, and whether the connection is still open.
fn ask(world: &mut World, peer: &mut Peer, request: &[u8], piece: usize) -> (Vec<u8>, bool) {
    let connection = peer.connect(SERVER, PORT);
    let mut pieces = request.chunks(piece);
    let mut answer = Vec::new();
    let mut quiet = 0;
    while quiet < 200 {
        peer.poll(world.now);
        if peer.is_open(connection)
            && let Some(next) = pieces.next()
        {
            assert_eq!(peer.send(connection, next), next.len());
            quiet = 0;
        }
        world.turn(peer).expect("it serves");
        let before = answer.len();
        peer.receive(connection, |bytes| answer.extend_from_slice(bytes));
        quiet = if answer.len() == before { quiet + 1 } else { 0 };
    }
    let open = peer.is_open(connection);
    peer.close(connection);
    for _ in 0..50 {
        peer.poll(world.now);
        world.turn(peer).expect("it serves");
    }
    (answer, open)
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
}

fn body() -> Vec<u8> {
    let mut body = vec![0; BYTES as usize];
    pattern::fill(SEED, 0, &mut body);
    body
}

#[test]
fn each_kind_of_request_gets_its_answer() {
    let mut world = World::new(SEED, BYTES, 1);
    let mut peer = Peer::new(CLIENT, 3);
    let head = |length: u64, keep: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: {keep}\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes()
    };
    let whole = [head(BYTES, "keep-alive"), body()].concat();
    for piece in [1000, 5] {
        let (answer, open) = ask(&mut world, &mut peer, &get("/body"), piece);
        assert!(answer == whole && open, "in pieces of {piece}");
    }
    // Two requests are sent at once (pipelined).
    let two = [get("/body"), get("/body")].concat();
    let (answer, open) = ask(&mut world, &mut peer, &two, 1000);
    assert!(answer == [&whole[..], &whole].concat() && open);

    let (answer, open) = ask(&mut world, &mut peer, b"HEAD /body HTTP/1.0\r\n\r\n", 1000);
    assert_eq!((answer, open), (head(BYTES, "close"), false));

    for (request, status, stays) in [
        (get("/other"), "404", true),
        (
            b"PUT /body HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            "405",
            true,
        ),
        (b"GET /body HTTP/1.1\r\n\r\n".to_vec(), "400", false),
        (b"\x16\x03\x01 no request\r\n\r\n".to_vec(), "400", false),
        (vec![b'x'; 3000], "431", false),
        (
            [b"GET / HTTP/1.1\r\nx: ".to_vec(), vec![b'x'; 3000]].concat(),
            "431",
            false,
        ),
        (
            b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".to_vec(),
            "413",
            false,
        ),
    ] {
        let (answer, open) = ask(&mut world, &mut peer, &request, 1000);
        let text = String::from_utf8_lossy(&answer).into_owned();
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text:?}");
        assert_eq!(open, stays, "{text:?}");
    }
    let counts = world.server.statistics().unwrap();
    assert_eq!((counts.answered, counts.refused, counts.broken), (5, 7, 0));
    assert_eq!(counts.open, 0);
    world.finish();
}

/// Invariant: RECOVER-6
#[test]
fn silent_peer_is_dropped_after_a_minute() {
    let mut world = World::new(SEED, BYTES, 1);
    let mut peer = Peer::new(CLIENT, 3);
    let connection = peer.connect(SERVER, PORT);
    for _ in 0..100 {
        peer.poll(world.now);
        world.turn(&mut peer).unwrap();
    }
    assert!(peer.is_open(connection));
    assert_eq!(world.server.statistics().unwrap().open, 1);
    world.now += core::time::Duration::from_secs(61);
    for _ in 0..100 {
        peer.poll(world.now);
        world.turn(&mut peer).unwrap();
    }
    assert!(peer.is_over(connection));
    assert_eq!(world.server.statistics().unwrap().open, 0);
    world.finish();
}

/// Invariant: RECOVER-6
#[test]
fn peers_beyond_the_limit_wait() {
    let mut world = World::new(SEED, BYTES, 1);
    let mut peer = Peer::new(CLIENT, 3);
    let turns = |world: &mut World, peer: &mut Peer| {
        for _ in 0..100 {
            peer.poll(world.now);
            world.turn(peer).unwrap();
        }
        let counts = world.server.statistics().unwrap();
        (counts.open, counts.accepted)
    };
    let served: Vec<_> = (0..4).map(|_| peer.connect(SERVER, PORT)).collect();
    assert_eq!(turns(&mut world, &mut peer), (4, 4));
    // The stack holds four waiting connections, so the fifth is refused.
    let waiting: Vec<_> = (0..5).map(|_| peer.connect(SERVER, PORT)).collect();
    assert_eq!(turns(&mut world, &mut peer), (4, 4));
    let open = |peer: &Peer| waiting.iter().filter(|one| peer.is_open(**one)).count();
    assert_eq!(open(&peer), 4);
    served.into_iter().for_each(|one| peer.close(one));
    assert_eq!(turns(&mut world, &mut peer), (4, 8));
    assert_eq!(open(&peer), 4);
    world.finish();
}
