//! The lists that reviewers keep: what is a domain, and what may be linked into one.

/// The linked-in domains.
pub(super) const DOMAINS: &[&str] = &["samara-nvme", "samara-ixgbe", "samara-net", "samara-http"];

/// A crate that may be part of a domain, and what was found out about it when it was reviewed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reviewed {
    /// The package's name.
    pub(super) name: &'static str,
    /// Whether a domain may name it in its own manifest. Others come in only through a trusted crate:
    /// they carry authority, or nothing that a domain needs.
    pub(super) direct: bool,
    /// Whether it may have writable statics, because it is of the trusted side: its state belongs to
    /// the host and means to outlive a domain.
    pub(super) statics: bool,
}

/// Every crate that may be linked into a domain, or expand in it.
pub(super) const CRATES: &[Reviewed] = &[
    // Made for domains.
    domain_side("samara-domain"),
    domain_side("samara-interfaces"),
    domain_side("samara-rref"),
    domain_side("samara-rref-derive"),
    // The trusted side: a domain gets to it through the crates above.
    trusted_for_domains("samara-device-io"),
    // The switchboard of fault points, set by the host; only with the feature that compiles them in.
    trusted_for_domains("samara-fault"),
    trusted("samara-domain-runtime"),
    trusted("samara-proxy"),
    trusted("samara-proxy-macros"),
    trusted("samara-shared-heap"),
    trusted("samara-unwind"),
    trusted("talc"),
    // Used by domains; no state of their own.
    domain_side("spin"),
    domain_side("bitflags"),
    domain_side("static_assertions"),
    domain_side("zerocopy"),
    domain_side("zerocopy-derive"),
    // The TCP/IP stack, and what it is made of: buffers and tables in values, features without statics.
    domain_side("smoltcp"),
    domain_side("managed"),
    domain_side("heapless"),
    domain_side("hash32"),
    domain_side("stable_deref_trait"),
    domain_side("byteorder"),
    domain_side("cfg-if"),
    // The parser of HTTP heads: its static is part of its default features, which are off.
    domain_side("httparse"),
    // The bytes that are served.
    domain_side("samara-pattern"),
];

/// Used by domains themselves, and checked like them.
const fn domain_side(name: &'static str) -> Reviewed {
    Reviewed {
        name,
        direct: true,
        statics: false,
    }
}

/// Trusted, and used by domains themselves.
const fn trusted_for_domains(name: &'static str) -> Reviewed {
    Reviewed {
        name,
        direct: true,
        statics: true,
    }
}

/// Trusted, and reached through other crates only.
const fn trusted(name: &'static str) -> Reviewed {
    Reviewed {
        name,
        direct: false,
        statics: true,
    }
}

/// What was found out about the crate of this name.
pub(super) fn find(name: &str) -> Option<&'static Reviewed> {
    CRATES.iter().find(|reviewed| reviewed.name == name)
}

/// Writable statics in crates of the standard library that were reviewed, as crate and symbol.
pub(super) const SYSROOT_STATICS: &[(&str, &str)] = &[
    // The reference count of an empty `Arc<[T]>`, shared by all: a number, and no memory of anyone's.
    ("alloc", "alloc::sync::STATIC_INNER_SLICE"),
];

/// Traits whose `unsafe impl` a reviewed derive macro writes, having checked what the trait demands.
pub(super) const DERIVED_UNSAFE_TRAITS: &[&str] = &[
    // The compiler's own derive of `Clone` beside `Copy`.
    "TrivialClone",
    // samara-rref-derive: every field is bounded to be exchangeable.
    "Exchangeable",
    // zerocopy-derive: its own checks of layout.
    "FromBytes",
    "FromZeros",
    "Immutable",
    "IntoBytes",
    "KnownLayout",
    "TryFromBytes",
    "Unaligned",
];
