//! The project's own lists of exceptions. An adopter starts from them and adds entries.

use super::{Entry, Features, Review, Reviewed, Source};

/// A reason, and the names that it applies to.
type Group = (&'static str, &'static [&'static str]);

impl Review {
    /// Returns the lists for Samara's own domains. `own` is the source of Samara's crates.
    pub fn samara(own: &Source) -> Self {
        Review {
            crates: crates(own),
            derived_unsafe_traits: entries(DERIVED_UNSAFE_TRAITS),
            attributes: entries(ATTRIBUTES),
            sysroot_statics: entries(SYSROOT_STATICS),
            ..Review::default()
        }
    }
}

fn entries(list: &[Group]) -> Vec<Entry> {
    let each = |&(reason, names): &Group| {
        let reason = reason.to_owned();
        let entry = move |name: &&str| Entry::new(*name, reason.clone());
        names.iter().map(entry).collect::<Vec<_>>()
    };
    list.iter().flat_map(each).collect()
}

fn crates(own: &Source) -> Vec<Reviewed> {
    type Make = fn(&'static str, Source, &'static str) -> Reviewed;
    let talc = "the allocator behind private heaps, whose state belongs to the host";
    let of_others: Make = |name, source, reason| {
        let reviewed = Reviewed::domain_side(name, source, reason);
        reviewed.indirect()
    };
    let lists: [(&[Group], Make, &Source); 6] = [
        (DOMAIN_SIDE, Reviewed::domain_side, own),
        (TRUSTED_FOR_DOMAINS, Reviewed::trusted_for_domains, own),
        (TRUSTED, Reviewed::trusted, own),
        (&[(talc, &["talc"])], Reviewed::trusted, &Source::CratesIo),
        (OTHERS, Reviewed::domain_side, &Source::CratesIo),
        (OF_OTHERS, of_others, &Source::CratesIo),
    ];
    let mut crates = Vec::new();
    for (list, make, source) in lists {
        for (reason, names) in list {
            crates.extend(names.iter().map(|name| make(name, source.clone(), reason)));
        }
    }
    for reviewed in &mut crates {
        reviewed.marks_domains = reviewed.name.starts_with(SAMARA);
        reviewed.features = features(&reviewed.name);
        let mut since = SINCE.iter().filter(|(name, _)| *name == reviewed.name);
        reviewed.since = since.next().map(|(_, version)| (*version).to_owned());
        let refused = REFUSED.iter().filter(|(name, _)| *name == reviewed.name);
        reviewed.refused = refused.flat_map(|(_, groups)| entries(groups)).collect();
        reviewed.build_script = BUILD_SCRIPTS.contains(&reviewed.name.as_str());
    }
    crates
}

/// Returns the reviewed features of a crate. Samara's own crates are reviewed with all their features.
fn features(name: &str) -> Features {
    if name.starts_with(SAMARA) {
        return Features::Any;
    }
    let mut known = FEATURES.iter().filter(|(of, _)| *of == name);
    let names = known.next().map(|(_, names)| *names).unwrap_or_default();
    Features::These(names.iter().map(|&name| name.to_owned()).collect())
}

/// The prefix of the names of Samara's own crates.
const SAMARA: &str = "samara-";

const DOMAIN_SIDE: &[Group] = &[
    (
        "made for domains",
        &[
            "samara-domain",
            "samara-interfaces",
            "samara-rref",
            "samara-rref-derive",
        ],
    ),
    ("the bytes that are served", &["samara-pattern"]),
    (
        "code that drivers share: state in values, and no authority",
        &["samara-driver"],
    ),
];

const TRUSTED_FOR_DOMAINS: &[Group] = &[
    (
        "the trusted side, which a driver uses itself",
        &["samara-device-io"],
    ),
    (
        "devices described as data; the host decides which description applies",
        &["samara-device-tables"],
    ),
    (
        "the table of fault points, which the host sets; linked only with the feature that compiles them in",
        &["samara-fault"],
    ),
];

const TRUSTED: &[Group] = &[(
    "the trusted side, which a domain uses only through the crates made for domains",
    &[
        "samara-domain-runtime",
        "samara-proxy",
        "samara-proxy-macros",
        "samara-shared-heap",
        "samara-support-crate",
        "samara-unwind",
    ],
)];

const OTHERS: &[Group] = &[
    (
        "used by domains; no state of its own",
        &["spin", "bitflags", "static_assertions"],
    ),
    (
        "the TCP/IP stack: buffers and tables in values, features without statics",
        &["smoltcp"],
    ),
    (
        "the parser of HTTP heads: its static is part of its default features, which are off",
        &["httparse"],
    ),
];

const OF_OTHERS: &[Group] = &[
    (
        "safe views of bytes, for types of trusted crates and of interfaces. Its derives do not protect against the \
         author of the type: google/zerocopy#3617, #3619 and #3633 are open",
        &["zerocopy", "zerocopy-derive"],
    ),
    (
        "a part of the TCP/IP stack, reviewed for the stack's use of it",
        &[
            "managed",
            "heapless",
            "hash32",
            "stable_deref_trait",
            "byteorder",
            "cfg-if",
        ],
    ),
];

/// Crates whose build scripts were reviewed. These scripts read the compiler's version, the target, the package's
/// features and environment variables of their own. They only set conditions and constants of their own crate.
const BUILD_SCRIPTS: &[&str] = &[
    "heapless",
    "httparse",
    "samara-unwind",
    "smoltcp",
    "zerocopy",
];

/// The features with which other authors' crates were reviewed. None of these features links `std` or adds a static.
const FEATURES: &[Group] = &[
    ("managed", &["alloc", "map"]),
    (
        "smoltcp",
        &[
            "alloc",
            "medium-ethernet",
            "proto-ipv4",
            "socket",
            "socket-tcp",
        ],
    ),
    ("spin", &["mutex", "once", "spin_mutex"]),
    ("zerocopy", &["derive", "zerocopy-derive"]),
];

/// The lowest accepted version of each of other authors' crates. From this version on, a crate has no known
/// unsoundness, apart from items that [`REFUSED`] lists and from faults that only code can reach that names the
/// crate.
const SINCE: &[(&str, &str)] = &[
    ("bitflags", "1.3.2"),
    ("byteorder", "1.5.0"),
    ("cfg-if", "1.0.0"),
    ("hash32", "0.3.1"),
    ("heapless", "0.9.4"),
    ("httparse", "1.10.1"),
    ("managed", "0.8.0"),
    ("smoltcp", "0.14.0"),
    ("spin", "0.10.1"),
    ("stable_deref_trait", "1.2.1"),
    ("static_assertions", "1.1.0"),
    ("talc", "4.4.3"),
    ("zerocopy", "0.8.63"),
    ("zerocopy-derive", "0.8.63"),
];

/// Items of reviewed crates that domains may not name.
const REFUSED: &[(&str, &[Group])] = &[
    (
        "httparse",
        &[(
            "parts that are public only for benchmarks, and that make a `str` of unchecked bytes",
            &["_benchable", "parse_method", "parse_uri", "parse_version"],
        )],
    ),
    (
        "zerocopy",
        &[
            (
                "its trait Read is safe to implement, but is taken as a proof that shared bytes are not written \
                 (google/zerocopy#3613)",
                &["Maybe", "Ptr", "invariant", "pointer"],
            ),
            (
                "its trait PaddingFree is safe to implement, but is taken as a proof that there is no padding (google/zerocopy#3614)",
                &["macro_util", "util"],
            ),
        ],
    ),
];

const SYSROOT_STATICS: &[Group] = &[(
    "the reference count of the empty `Arc<[T]>` that all code shares: a number, which leads to no memory of a domain",
    &["alloc::alloc::sync::STATIC_INNER_SLICE"],
)];

const DERIVED_UNSAFE_TRAITS: &[Group] = &[
    (
        "the compiler's own derive of `Clone` for a type that also derives `Copy`",
        &["TrivialClone"],
    ),
    (
        "samara-rref-derive, which requires that every field is exchangeable",
        &["Exchangeable"],
    ),
];

const ATTRIBUTES: &[Group] = &[
    (
        "levels of lints; a separate rule covers the lint that protects a domain",
        &["allow", "deny", "expect", "forbid", "warn"],
    ),
    (
        "docs and hints for people and the compiler",
        &[
            "cold",
            "doc",
            "inline",
            "must_use",
            "non_exhaustive",
            "track_caller",
            "diagnostic::on_unimplemented",
            "diagnostic::do_not_recommend",
        ],
    ),
    (
        "they affect names and layout, and the compiler takes that into account when it checks safe code",
        &[
            "default",
            "macro_export",
            "macro_use",
            "no_implicit_prelude",
            "no_std",
            "path",
            "repr",
        ],
    ),
    (
        "written by the compiler's own derives and its prelude",
        &["automatically_derived", "coverage", "prelude_import"],
    ),
];

#[cfg(test)]
mod tests {
    use crate::review::{Review, Source};

    #[test]
    fn every_outside_crate_has_a_lowest_version() {
        let review = Review::samara(&Source::Member);
        let mut others = review.crates.iter();
        let missing = others.find(|it| it.source == Source::CratesIo && it.since.is_none());
        assert_eq!(missing.map(|it| &it.name), None);
    }
}
