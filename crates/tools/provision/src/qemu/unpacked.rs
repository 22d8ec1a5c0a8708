//! A QEMU that is unpacked below the build directory, for users who may not install packages. It is started by the
//! dynamic linker from its own packages.

use std::path::Path;

use super::{PACKAGE, PROGRAM, Qemu, advice};
use crate::error::{ProvisionError, QemuError};
use crate::packages::Packages;
use crate::tree::{find, library_path, linker, program};

impl Qemu {
    /// Unpacks QEMU from the machine's own package sources below `home`.
    pub(super) fn unpacked(home: &Path) -> Result<Self, ProvisionError> {
        Self::of(
            &Packages {
                names: &[PACKAGE],
                suites: &[],
                with_dependencies: true,
                size: "40 MB",
            },
            home,
        )
    }

    /// Unpacks the QEMU of these packages below `home`.
    pub(super) fn of(packages: &Packages<'_>, home: &Path) -> Result<Self, ProvisionError> {
        let qemu = packages
            .unpacked(home)
            .and_then(|tree| Self::started_from(&tree));
        let failed = |error: ProvisionError| QemuError::Provision {
            problem: error.to_string(),
            advice: advice::advice(),
        };
        Ok(qemu.map_err(failed)?)
    }

    /// Returns the QEMU in an unpacked tree.
    fn started_from(tree: &Path) -> Result<Self, ProvisionError> {
        let mut leading = vec![
            "--library-path".into(),
            library_path(tree)?.into(),
            program(tree, PROGRAM)?.into_os_string(),
        ];
        for firmware in ["usr/share/qemu", "usr/share/seabios"] {
            leading.extend(["-L".into(), tree.join(firmware).into_os_string()]);
        }
        let modules = find(tree, &|name| {
            name.starts_with("accel-tcg-") && name.ends_with(".so")
        })?;
        let modules = modules.first().and_then(|module| module.parent());
        let environment = modules.map(|path| ("QEMU_MODULE_DIR", path.as_os_str().to_owned()));
        Ok(Qemu {
            program: linker(tree)?,
            leading,
            environment: environment.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::Qemu;

    #[test]
    fn a_tree_is_started_through_its_own_linker() {
        let tree = std::env::temp_dir().join(format!("samara-qemu-tree.{}", std::process::id()));
        let _ = fs::remove_dir_all(&tree);
        fs::create_dir_all(&tree).expect("writable");
        let missing = Qemu::started_from(&tree)
            .expect_err("the tree is empty")
            .to_string();
        assert!(missing.contains("missing"), "{missing}");

        for file in [
            "lib/m/ld-linux-m.so.2",
            "lib/m/libc.so.6",
            "usr/lib/m/libz.so.1",
            "usr/lib/m/pulse/libp.so",
            "usr/lib/m/qemu/accel-tcg-x86_64.so",
            "usr/lib/python/x.py",
            "usr/bin/qemu-system-x86_64",
        ] {
            let path = tree.join(file);
            fs::create_dir_all(path.parent().expect("below the tree")).expect("writable");
            fs::write(path, "").expect("writable");
        }
        let qemu = Qemu::started_from(&tree).expect("the tree is complete");
        assert_eq!(qemu.program, tree.join("lib/m/ld-linux-m.so.2"));
        assert_eq!(qemu.leading[0], "--library-path");
        let libraries = qemu.leading[1].to_string_lossy().into_owned();
        for directory in ["lib/m", "usr/lib/m", "usr/lib/m/pulse", "usr/lib/m/qemu"] {
            assert!(
                libraries
                    .split(':')
                    .any(|path| tree.join(directory) == Path::new(path)),
                "{libraries}"
            );
        }
        assert!(!libraries.contains("python"));
        assert_eq!(qemu.leading[2], tree.join("usr/bin/qemu-system-x86_64"));
        assert_eq!(qemu.environment[0].1, tree.join("usr/lib/m/qemu"));
        let _ = fs::remove_dir_all(&tree);
    }
}
