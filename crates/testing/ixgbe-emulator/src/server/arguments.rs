//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;

/// An Intel 82599 for QEMU: `-device '{"driver":"vfio-user-pci","socket":{"path":…,"type":"unix"}}'`.
#[derive(Clone, Debug, Parser)]
#[command(version, name = "ixgbe-emulator")]
pub(crate) struct Arguments {
    /// Socket on which the VMM finds the device.
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: PathBuf,

    /// MAC address.
    #[arg(long, value_name = "M", default_value = "02:82:59:90:00:01")]
    pub(crate) mac: Mac,

    /// PCI device ID, hexadecimal: 10fb (SFP+), 10f9 (CX4), 10f7, 10f8, 10fc …
    #[arg(long, value_name = "H", default_value = "10fb", value_parser = hexadecimal)]
    pub(crate) device_id: u16,

    /// No optical module is plugged in.
    #[arg(long)]
    pub(crate) no_module: bool,

    /// The far end of the cable: loop, pair:PATH (another emulator), stream:PATH (the socket of a
    /// QEMU `-netdev stream,server=on` or of passt).
    #[arg(long, value_name = "LINK", default_value = "loop")]
    pub(crate) link: LinkChoice,

    /// Write all frames to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) pcap: Option<PathBuf>,

    /// Log every access to a register.
    #[arg(long)]
    pub(crate) verbose: bool,
}

/// The choice of `--link`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum LinkChoice {
    /// Sent frames come back.
    Loop,
    /// The cable to another emulator. The emulator that starts first listens on the socket, and the second one
    /// connects.
    Pair(PathBuf),
    /// Connects to the socket, and tries again until it succeeds.
    Stream(PathBuf),
}

impl FromStr for LinkChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "loop" => Ok(LinkChoice::Loop),
            Some(("pair", path)) if !path.is_empty() => Ok(LinkChoice::Pair(path.into())),
            Some(("stream", path)) if !path.is_empty() => Ok(LinkChoice::Stream(path.into())),
            _ => Err("give loop, pair:PATH or stream:PATH".into()),
        }
    }
}

/// The address of `--mac`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Mac(pub(crate) [u8; 6]);

impl FromStr for Mac {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "give six hexadecimal bytes with colons, as 02:82:59:90:00:01".to_owned();
        let bytes: Result<Vec<u8>, _> = text
            .split(':')
            .map(|byte| u8::from_str_radix(byte, 16))
            .collect();
        let bytes: [u8; 6] = bytes
            .map_err(|_| wrong())?
            .try_into()
            .map_err(|_| wrong())?;
        if bytes[0] & 1 != 0 || bytes == [0; 6] {
            return Err("give a unicast address: the first byte is even".into());
        }
        Ok(Mac(bytes))
    }
}

fn hexadecimal(text: &str) -> Result<u16, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    u16::from_str_radix(digits, 16).map_err(|_| "give up to four hexadecimal digits".into())
}

#[cfg(test)]
mod tests {
    use super::{LinkChoice, Mac, hexadecimal};

    #[test]
    fn addresses_and_links_are_understood() {
        assert_eq!("02:0:0a:FF:1:2".parse(), Ok(Mac([2, 0, 10, 255, 1, 2])));
        for wrong in [
            "",
            "02:00",
            "01:00:00:00:00:01",
            "0:0:0:0:0:0",
            "2:0:0:0:0:0:0",
            "x:0:0:0:0:0",
        ] {
            assert!(wrong.parse::<Mac>().is_err(), "{wrong}");
        }
        assert_eq!("pair:/a:b".parse(), Ok(LinkChoice::Pair("/a:b".into())));
        assert!("pair:".parse::<LinkChoice>().is_err());
        assert!("loop:x".parse::<LinkChoice>().is_err());
        assert_eq!(hexadecimal("0x10f9"), Ok(0x10f9));
        assert!(hexadecimal("110fb").is_err());
    }
}
