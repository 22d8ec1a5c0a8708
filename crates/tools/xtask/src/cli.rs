//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Builds, boots and checks Samara.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = ENVIRONMENT)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Said at the end of `--help`.
const ENVIRONMENT: &str = "\
Environment:
  SAMARA_QEMU=PATH     use this qemu-system-x86_64
  SAMARA_QEMU=private  unpack QEMU under target/ even if the system has one (Debian and kin)";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Boot the reference kernel in QEMU and crash its disk and network drivers while they work
    ///
    /// Builds the kernel, makes a disk image of seeded pseudo-random data, and boots. The kernel reads
    /// and writes the whole disk through a driver that is crashed at seeded points and restarted each
    /// time. Afterwards the image file is checked. Ends with a line that starts with "result:" and
    /// exits 0 only if every field of it is as it should be.
    Run(RunArgs),
    /// Run every test: hosted, the kernel's own in QEMU, and the static checks on domains
    ///
    /// The last line is "N passed, N failed"; exits non-zero if anything failed.
    Test(TestArgs),
    /// Do all that must pass before a change is merged
    ///
    /// Formatting, clippy, every test, the six small targets, the run of the demo, documentation and
    /// packaging. Says what each took.
    Ci,
    /// Run unmodified Linux and iPXE on the model of the 82599
    ///
    /// Fetches QEMU, a kernel and tools from Debian's packages, privately, under target/. A line for
    /// each verdict; exits non-zero if one is negative.
    TestEmulator,
    /// Build the minimal program for six targets without an operating system, and run it
    ///
    /// Microcontrollers run in QEMU's system emulation, the others in its user emulation. Prints the
    /// flash and RAM that the program takes on a Cortex-M4.
    Targets,
    /// Put past holes of the core and of devices back, one at a time, and see which of them the tests find
    ///
    /// Works on a copy of the tracked files under target/. A line of a table for each hole: by which
    /// mode the random machine finds it and how fast, and whether its own test fails. Some minutes for
    /// each. Exits non-zero if a hole's own test passes.
    Holes(HolesArgs),
    /// Count the lines of code that a kernel trusts for its devices
    ///
    /// A table, as the README shows it. Exits non-zero if a part has more lines than it may.
    Trusted,
    /// Write the lists of tests into the documents that show them
    ///
    /// The tests say themselves which invariant they attack and which failure they make happen, in lines of their
    /// documentation. A static check compares.
    Documents,
    /// Run the hosted benchmarks
    Bench(BenchArgs),
}

/// How a virtual machine is run.
#[derive(Clone, Debug, Args)]
pub(crate) struct MachineArgs {
    /// How QEMU executes the guest; tcg works everywhere, kvm needs access to /dev/kvm
    #[arg(long, value_enum, default_value_t = Accel::Tcg)]
    pub(crate) accel: Accel,

    /// Seconds after which the machine is stopped and the command fails
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) timeout: u64,
}

impl Default for MachineArgs {
    fn default() -> Self {
        MachineArgs {
            accel: Accel::Tcg,
            timeout: 300,
        }
    }
}

/// Options of `run`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// Chooses the disk's contents and the points at which the driver crashes
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// How many times the driver is crashed
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) crashes: u64,

    /// In which ways the driver dies, each as often as the others
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',', default_values_t = FaultKind::ALL)]
    pub(crate) faults: Vec<FaultKind>,

    /// Which drivers are crashed: of an NVMe disk and an 82599, or of virtio's disk and network device
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = Drivers::Native)]
    pub(crate) driver: Drivers,

    /// Whether the part with the network is run: a body is fetched over the network device
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = NetworkChoice::Auto)]
    pub(crate) network: NetworkChoice,

    /// How many times the body of 4 MiB is fetched
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) requests: u64,

    /// How many times the network driver is crashed meanwhile
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) nic_crashes: u64,

    /// Size of the disk image in MiB; with --disk, the least size that the file must have
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1 << 16))]
    pub(crate) size: u64,

    /// Use a copy of this raw image instead of making one; the file itself is only read
    #[arg(long, value_name = "PATH")]
    pub(crate) disk: Option<PathBuf>,

    /// Take something away from the disk, to see how the kernel reports it
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) break_disk: Option<BreakDisk>,

    /// How the machine is run.
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
}

impl Default for RunArgs {
    fn default() -> Self {
        RunArgs {
            seed: 1,
            crashes: 20,
            faults: FaultKind::ALL.into(),
            driver: Drivers::Native,
            network: NetworkChoice::Auto,
            requests: 5,
            nic_crashes: 20,
            size: 64,
            disk: None,
            break_disk: None,
            machine: MachineArgs::default(),
        }
    }
}

/// Options of `test`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TestArgs {
    /// How the machine is run.
    #[command(flatten)]
    pub(crate) machine: MachineArgs,

    /// Run only these parts; all of them if none is named
    #[arg(long = "only", value_enum, value_name = "PART")]
    pub(crate) only: Vec<TestPart>,

    /// Of the kernel's tests, run only those whose names contain this text
    #[arg(long, value_name = "TEXT", value_parser = one_word)]
    pub(crate) name: Option<String>,
}

/// Text for the kernel's command line, which is split at spaces.
fn one_word(text: &str) -> Result<String, String> {
    match text.split_whitespace().count() {
        1 => Ok(text.trim().into()),
        _ => Err("give one word: a part of a test's name".into()),
    }
}

/// The parts of `test`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum TestPart {
    /// Unit, integration, documentation and compile-fail tests on this machine
    Hosted,
    /// The core in loom, and random lives of domains against a reference model
    Models,
    /// Instructions that calls, transfers and allocations take, against what is recorded
    Counts,
    /// The kernel's own tests in QEMU
    Kernel,
    /// Faults and panics in QEMU that end the kernel
    Faults,
    /// The demo in QEMU with a disk that is missing, empty or read-only
    Disks,
    /// Static checks on domains
    Checks,
}

/// Options of `holes`.
#[derive(Clone, Debug, Args)]
pub(crate) struct HolesArgs {
    /// Holes, or kinds of them, as the files and folders below crates/testing/state-machine/holes and crates/testing/device-state-machine/holes are called; all
    /// if none is named
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

    /// Who looks for them; all if none is named
    #[arg(long = "suite", value_enum, value_name = "SUITE")]
    pub(crate) suite: Vec<HoleSuite>,

    /// Only these modes of the machines, which are their tests; all if none is named
    #[arg(long = "mode", value_name = "MODE")]
    pub(crate) modes: Vec<String>,

    /// How long the machine looks for each hole at most
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,

    /// Steps of the machine's modes; without it as many as in CI
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) steps: Option<u64>,
}

/// Who looks for a hole.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum HoleSuite {
    /// The random machine, all its modes, for holes of the core
    Machine,
    /// The random driver, all its modes, for holes of devices
    Devices,
    /// The hole's own test
    Tests,
}

/// Options of `bench`.
#[derive(Clone, Debug, Args)]
pub(crate) struct BenchArgs {
    /// Passed on to the benchmarks, for example a filter, or --save-baseline NAME
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) args: Vec<String>,
}

/// QEMU's accelerators.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Accel {
    /// Emulation: any host, no privileges
    Tcg,
    /// Linux's hypervisor
    Kvm,
    /// macOS's hypervisor
    Hvf,
    /// Windows' hypervisor
    Whpx,
}

/// Whether the network's part is run.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum NetworkChoice {
    /// Where a QEMU that attaches the model can be had; else the run says why not, and goes on
    Auto,
    /// Yes; without such a QEMU the run fails
    On,
    /// No
    Off,
}

/// How the driver is made to die.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum FaultKind {
    /// A panic
    Panic,
    /// A fault of the processor: a wild access, a division by zero, an undefined instruction
    Fault,
    /// A stack that runs over
    Overflow,
    /// A loop that never ends
    Hang,
    /// A panic in a destructor that a panic runs
    DoublePanic,
}

impl FaultKind {
    /// All of them, in the order of the result line.
    pub(crate) const ALL: [Self; 5] = [
        Self::Panic,
        Self::Fault,
        Self::Overflow,
        Self::Hang,
        Self::DoublePanic,
    ];

    /// Its name as the options and the kernel have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Fault => "fault",
            Self::Overflow => "overflow",
            Self::Hang => "hang",
            Self::DoublePanic => "double-panic",
        }
    }

    /// The names, with commas between.
    pub(crate) fn list(kinds: &[Self]) -> String {
        kinds
            .iter()
            .map(|kind| kind.name())
            .collect::<Vec<_>>()
            .join(",")
    }
}

/// The devices that the machine has, and so the drivers of the kernel's story.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Drivers {
    /// An NVMe disk, and our model of the 82599
    Native,
    /// virtio-blk and virtio-net, QEMU's own
    Virtio,
}

/// What `--break-disk` takes away.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum BreakDisk {
    /// No controller at all
    Absent,
    /// A controller without a namespace
    NoNamespace,
    /// A namespace that refuses writes
    ReadOnly,
    /// A disk that moves 100,000 bytes a second, and is right otherwise
    Slow,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Accel, Cli, Command, Drivers, FaultKind, NetworkChoice};

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_has_its_documented_defaults() {
        let cli = Cli::try_parse_from(["cargo xtask", "run"]).expect("run needs no options");
        let Command::Run(args) = cli.command else {
            panic!("parsed as {:?}", cli.command)
        };
        assert_eq!((args.seed, args.crashes, args.size), (1, 20, 64));
        assert_eq!(
            (args.machine.accel, args.machine.timeout),
            (Accel::Tcg, 300)
        );
        assert_eq!(args.faults, FaultKind::ALL);
        assert_eq!(args.network, NetworkChoice::Auto);
        assert_eq!(args.driver, Drivers::Native);
        assert_eq!((args.requests, args.nic_crashes), (5, 20));
        assert!(args.disk.is_none() && args.break_disk.is_none());
    }

    #[test]
    fn faults_are_named_with_commas_between() {
        let line = ["cargo xtask", "run", "--faults", "hang,double-panic"];
        let Ok(Command::Run(args)) = Cli::try_parse_from(line).map(|cli| cli.command) else {
            panic!("not parsed as run")
        };
        assert_eq!(args.faults, [FaultKind::Hang, FaultKind::DoublePanic]);
        assert_eq!(FaultKind::list(&args.faults), "hang,double-panic");
    }

    #[test]
    fn wrong_flags_and_values_are_refused() {
        for line in [
            &["cargo xtask", "run", "--sise", "3"][..],
            &["cargo xtask", "run", "--size", "0"],
            &["cargo xtask", "run", "--size", "many"],
            &["cargo xtask", "run", "--accel", "warp"],
            &["cargo xtask", "run", "--timeout", "0"],
            &["cargo xtask", "run", "--requests", "0"],
            &["cargo xtask", "run", "--network", "maybe"],
            &["cargo xtask", "run", "--faults", "panics"],
            &["cargo xtask", "run", "image.raw"],
            &["cargo xtask"],
        ] {
            assert!(Cli::try_parse_from(line).is_err(), "{line:?} was accepted");
        }
    }

    #[test]
    fn bench_passes_its_arguments_on() {
        let cli =
            Cli::try_parse_from(["cargo xtask", "bench", "--", "call", "--quick"]).expect("valid");
        let Command::Bench(args) = cli.command else {
            panic!("parsed as {:?}", cli.command)
        };
        assert_eq!(args.args, ["call", "--quick"]);
    }
}
