//! Transmit descriptors (section 7.2.3.2).

const DEXT: u64 = 1 << 29;
const EOP: u64 = 1 << 24;
const CHECKSUM: u64 = 1 << 26;
const RS: u64 = 1 << 27;
const VLE: u64 = 1 << 30;
const TSE: u64 = 1 << 31;
const IXSM: u64 = 1 << 40;
const TXSM: u64 = 1 << 41;

/// The transport protocol of an offload.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Layer4 {
    #[default]
    Udp,
    Tcp,
    Sctp,
    Reserved,
}

/// The fields of a context descriptor (section 7.2.3.2.3). Lengths are in bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Context {
    pub(crate) mac_length: usize,
    pub(crate) ip_length: usize,
    pub(crate) l4_length: usize,
    pub(crate) mss: usize,
    pub(crate) vlan: u16,
    pub(crate) ipv4: bool,
    pub(crate) layer4: Layer4,
}

/// The offloads that a data descriptor asks for. The first descriptor of a packet decides for the whole packet.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Request {
    pub(crate) segment: bool,
    pub(crate) ip_checksum: bool,
    pub(crate) l4_checksum: bool,
    pub(crate) vlan: bool,
    /// The length in bytes from PAYLEN. For a segmented packet it excludes the headers.
    pub(crate) payload: usize,
    /// The index of the queue's context that applies, 0 or 1.
    pub(crate) context: usize,
    /// The offloads of a legacy descriptor, which uses no context. `None` for an advanced descriptor.
    pub(crate) legacy: Option<Legacy>,
}

/// The offloads of a legacy descriptor (section 7.2.3.2.2).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Legacy {
    pub(crate) checksum: bool,
    pub(crate) start: usize,
    pub(crate) place: usize,
    pub(crate) tag: u16,
}

/// One descriptor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Descriptor {
    Context {
        index: usize,
        context: Context,
    },
    Data {
        address: u64,
        length: usize,
        last: bool,
        request: Request,
    },
    /// A descriptor of a type that does not exist.
    Unknown,
}

impl Descriptor {
    /// Decodes the two words.
    pub(crate) fn decode([low, high]: [u64; 2]) -> Self {
        if high & DEXT == 0 {
            return legacy(low, high);
        }
        match high >> 20 & 0xf {
            2 => Descriptor::Context {
                index: (high >> 36 & 1) as usize,
                context: context(low, high),
            },
            3 => Descriptor::Data {
                address: low,
                length: (high & 0xffff) as usize,
                last: high & EOP != 0,
                request: Request {
                    segment: high & TSE != 0,
                    ip_checksum: high & IXSM != 0,
                    l4_checksum: high & TXSM != 0,
                    vlan: high & VLE != 0,
                    payload: (high >> 46) as usize,
                    context: (high >> 36 & 1) as usize,
                    legacy: None,
                },
            },
            _ => Descriptor::Unknown,
        }
    }

    /// Whether the driver asks for a report when this descriptor is done.
    pub(crate) fn reports([_, high]: [u64; 2]) -> bool {
        high & RS != 0
    }

    /// The bit of the second word that says that the descriptor is done.
    pub(crate) const DONE: u64 = 1 << 32;

    /// Returns the descriptor as it is written back when it is done (section 7.2.3.5.3).
    pub(crate) fn done([low, high]: [u64; 2]) -> [u64; 2] {
        if high & DEXT == 0 {
            [low, high | Self::DONE]
        } else {
            [0, Self::DONE]
        }
    }
}

fn context(low: u64, high: u64) -> Context {
    Context {
        ip_length: (low & 0x1ff) as usize,
        mac_length: (low >> 9 & 0x7f) as usize,
        vlan: (low >> 16) as u16,
        ipv4: high & 1 << 10 != 0,
        layer4: match high >> 11 & 3 {
            0 => Layer4::Udp,
            1 => Layer4::Tcp,
            2 => Layer4::Sctp,
            _ => Layer4::Reserved,
        },
        l4_length: (high >> 40 & 0xff) as usize,
        mss: (high >> 48) as usize,
    }
}

fn legacy(low: u64, high: u64) -> Descriptor {
    Descriptor::Data {
        address: low,
        length: (high & 0xffff) as usize,
        last: high & EOP != 0,
        request: Request {
            vlan: high & VLE != 0,
            legacy: Some(Legacy {
                checksum: high & CHECKSUM != 0,
                place: (high >> 16 & 0xff) as usize,
                start: (high >> 40 & 0xff) as usize,
                tag: (high >> 48) as u16,
            }),
            ..Request::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Descriptor, Layer4};

    #[test]
    fn descriptor_types_are_distinguished() {
        let context = Descriptor::decode([
            14 << 9 | 20 | 7 << 16,
            1 << 29 | 2 << 20 | 3 << 10 | 1448 << 48 | 20 << 40,
        ]);
        let Descriptor::Context { index, context } = context else {
            panic!("{context:?}")
        };
        assert_eq!((index, context.mac_length, context.ip_length), (0, 14, 20));
        assert_eq!(
            (context.mss, context.l4_length, context.vlan),
            (1448, 20, 7)
        );
        assert_eq!((context.ipv4, context.layer4), (true, Layer4::Tcp));
        assert_eq!(
            Descriptor::decode([0, 1 << 29 | 1 << 20]),
            Descriptor::Unknown
        );
        let data = Descriptor::decode([9, 1 << 29 | 3 << 20 | 1 << 24 | 60 | 60 << 46]);
        assert!(matches!(
            data,
            Descriptor::Data {
                address: 9,
                length: 60,
                last: true,
                ..
            }
        ));
        assert!(matches!(
            Descriptor::decode([9, 60]),
            Descriptor::Data { last: false, .. }
        ));
    }

    #[test]
    fn an_advanced_descriptor_is_written_over() {
        assert_eq!(Descriptor::done([9, 1 << 29 | 7]), [0, 1 << 32]);
        assert_eq!(Descriptor::done([9, 7]), [9, 1 << 32 | 7]);
    }
}
