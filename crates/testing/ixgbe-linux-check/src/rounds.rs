//! The rounds. Each round starts its emulators, joins them by a cable, and lets the VMM run, die or be reset.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::error::CheckError;
use crate::machine::{Setup, text, verdicts};

const FIRST: &str = "02:82:59:90:00:01";
const SECOND: &str = "02:82:59:90:00:02";

/// Runs all rounds and returns the number of verdicts that failed.
pub(crate) fn all(setup: &Setup) -> Result<usize, CheckError> {
    Ok(pair(setup)? + killed(setup)? + reset(setup)? + stream(setup)? + ipxe(setup)?)
}

/// Joins two emulators by a cable, and lets Linux run all checks of the script.
fn pair(setup: &Setup) -> Result<usize, CheckError> {
    let cable = format!("pair:{}", text(&setup.socket("cable")));
    let _first = setup.model("first", &["--link", &cable, "--mac", FIRST])?;
    let _second = setup.model("second", &["--link", &cable, "--mac", SECOND])?;
    let (_qemu, lines) = setup.guest("full", &["first", "second"], &[])?;
    Ok(verdicts("82599 SFP+ (10fb)", &lines))
}

/// Kills the VMM in the middle of traffic. The next VMM finds both devices fresh. The devices have another PCI device
/// ID than in the first round.
fn killed(setup: &Setup) -> Result<usize, CheckError> {
    let cable = format!("pair:{}", text(&setup.socket("cable")));
    let variant = |mac| ["--link", &cable, "--mac", mac, "--device-id", "10f9"];
    let _first = setup.model("first", &variant(FIRST))?;
    let _second = setup.model("second", &variant(SECOND))?;
    let (qemu, lines) = setup.guest("killed", &["first", "second"], &[])?;
    let failed = verdicts("82599 CX4 (10f9), before the kill", &lines);
    drop(qemu);
    let (_qemu, lines) = setup.guest("short", &["first", "second"], &[])?;
    Ok(failed + verdicts("82599 CX4 (10f9), after the kill", &lines))
}

/// Resets the machine in the middle of traffic, first from outside, then by the guest itself. Each time, Linux must
/// find both devices as after power-on. QEMU keeps its connections to the emulators.
fn reset(setup: &Setup) -> Result<usize, CheckError> {
    const ROUND: &str = "82599 SFP+ (10fb)";
    let cable = format!("pair:{}", text(&setup.socket("cable")));
    let _first = setup.model("first", &["--link", &cable, "--mac", FIRST])?;
    let _second = setup.model("second", &["--link", &cable, "--mac", SECOND])?;
    let control = setup.socket("control");
    let _ = fs::remove_file(&control);
    let qmp = format!("unix:{},server=on,wait=off", text(&control));
    let arguments = ["-action", "reboot=reset", "-qmp", &qmp].map(str::to_owned);
    let (_qemu, lines) = setup.guest("reset", &["first", "second"], &arguments)?;
    let mut failed = verdicts(&format!("{ROUND}, first boot"), &lines);
    let mut seen = setup.resets("first")?;
    system_reset(&control).map_err(|error| CheckError::io("use", &control, error))?;
    for boot in ["after system_reset", "after the guest's reboot"] {
        let round = format!("{ROUND}, {boot}");
        failed += verdicts(&round, &lines);
        let now = setup.resets("first")?;
        let reset = now > seen;
        println!(
            "{round}: the emulator was reset {}",
            if reset { "ok" } else { "FAILED" }
        );
        failed += usize::from(!reset);
        seen = now;
    }
    Ok(failed)
}

/// Resets the machine through QEMU's monitor.
fn system_reset(control: &Path) -> io::Result<()> {
    let mut monitor = UnixStream::connect(control)?;
    monitor.set_read_timeout(Some(Duration::from_secs(30)))?;
    monitor.write_all(b"{\"execute\":\"qmp_capabilities\"}{\"execute\":\"system_reset\"}")?;
    // The monitor sends its greeting, two answers, and the RESET event, which this loop waits for.
    for line in BufReader::new(monitor).lines() {
        if line?.contains("\"RESET\"") {
            return Ok(());
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// Joins the device to a network card that QEMU emulates, through a `stream` socket.
fn stream(setup: &Setup) -> Result<usize, CheckError> {
    let socket = setup.socket("stream");
    let _ = fs::remove_file(&socket);
    let cable = format!("stream:{}", text(&socket));
    let _first = setup.model("first", &["--link", &cable, "--mac", FIRST])?;
    let netdev = format!(
        "stream,id=n,server=on,addr.type=unix,addr.path={}",
        text(&socket)
    );
    let arguments = ["-netdev", &netdev, "-device", "e1000e,netdev=n"].map(str::to_owned);
    let (_qemu, lines) = setup.guest("short-stream", &["first"], &arguments)?;
    Ok(verdicts("82599 to e1000e over a stream", &lines))
}

/// Runs a second driver that this project did not write: iPXE's `intelx`, which polls. It gets an address and files
/// from QEMU's user-mode network.
fn ipxe(setup: &Setup) -> Result<usize, CheckError> {
    let files = setup.run.join("tftp");
    let write = |name: &str, bytes: &[u8]| {
        let path = files.join(name);
        fs::write(&path, bytes).map_err(|error| CheckError::io("write", &path, error))
    };
    fs::create_dir_all(&files).map_err(|error| CheckError::io("create", &files, error))?;
    write("script", IPXE_SCRIPT.as_bytes())?;
    write("data", &vec![0x5a; 4 << 20])?;
    let socket = setup.socket("stream");
    let _ = fs::remove_file(&socket);
    let cable = format!("stream:{}", text(&socket));
    let _first = setup.model("first", &["--link", &cable, "--mac", FIRST])?;
    let stream = format!(
        "stream,id=s,server=on,addr.type=unix,addr.path={}",
        text(&socket)
    );
    let user = format!("user,id=u,restrict=on,tftp={}", text(&files));
    let mut arguments = Vec::new();
    for netdev in [
        stream.as_str(),
        user.as_str(),
        "hubport,id=h1,hubid=0,netdev=s",
        "hubport,id=h2,hubid=0,netdev=u",
    ] {
        arguments.extend(["-netdev".to_owned(), netdev.to_owned()]);
    }
    let script = "dhcp && chain tftp://10.0.2.2/script";
    let (_qemu, lines) = setup.boot(&setup.ipxe, script, &["first"], &arguments)?;
    Ok(verdicts("iPXE intelx (10fb)", &lines))
}

/// The script that iPXE runs once it has an address.
const IPXE_SCRIPT: &str = "#!ipxe
echo CHECK address by DHCP, script by TFTP ok
imgfetch tftp://10.0.2.2/data && echo CHECK 4 MiB by TFTP ok || echo CHECK 4 MiB by TFTP FAILED
ifstat
echo DONE 2
sleep 5
";
