//! Tests of making images and of checking them.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use samara_serial_protocol::Written;
use samara_testkit::pattern;
use sha2::{Digest, Sha256};

use super::check::Fault;
use super::{Disk, DiskError, Source, check, prepare};
use crate::workspace::Workspace;

const MIB: u64 = 1 << 20;

/// Makes an empty directory for the test of this name, below the build directory.
fn directory(test: &str) -> PathBuf {
    let directory = Workspace::locate().target("xtask-tests").join(test);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("the build directory is writable");
    directory
}

fn seeded(directory: &Path, bytes: u64) -> Disk {
    prepare(directory, Source::Seeded { seed: 5, bytes }, bytes).expect("valid")
}

fn write(disk: &Disk, offset: u64, data: &[u8]) {
    let mut file = OpenOptions::new()
        .write(true)
        .open(&disk.path)
        .expect("made writable");
    file.seek(SeekFrom::Start(offset)).expect("seekable");
    file.write_all(data).expect("writable");
}

fn write_pattern(disk: &Disk, seed: u64, region: Written) {
    let mut data = vec![0; region.bytes as usize];
    pattern::fill(seed, region.offset, &mut data);
    write(disk, region.offset, &data);
}

#[test]
fn a_made_image_has_its_stated_size_and_digest() {
    let disk = seeded(&directory("made"), 3 * MIB / 2);
    let contents = fs::read(&disk.path).expect("readable");
    assert_eq!(contents.len() as u64, disk.bytes);
    assert_eq!(<[u8; 32]>::from(Sha256::digest(&contents)), disk.sha256);
    assert_eq!(check(&disk, 5, &[]).expect("readable").fault, None);
    // A write by the kernel must change the image, so the kernel's bytes must differ from the image's.
    assert!(pattern::first_mismatch(5, 0, &contents[..64]).is_some());
}

#[test]
fn reported_writes_match_at_any_offset() {
    let disk = seeded(&directory("writes"), 3 * MIB);
    let regions = [
        Written {
            offset: 2 * MIB - 100,
            bytes: 4096,
        },
        Written {
            offset: 0,
            bytes: 512,
        },
        Written {
            offset: 2 * MIB,
            bytes: 8192,
        },
        Written {
            offset: 0,
            bytes: 512,
        },
        Written {
            offset: 3 * MIB - 1,
            bytes: 1,
        },
    ];
    for region in regions {
        write_pattern(&disk, 5, region);
    }
    let outcome = check(&disk, 5, &regions).expect("readable");
    assert_eq!(outcome.fault, None);
    assert_eq!(
        outcome.written,
        512 + 100 + 8192 + 1,
        "overlaps are counted once"
    );
}

#[test]
fn lost_stray_and_wrong_writes_are_found() {
    let disk = seeded(&directory("faults"), 2 * MIB);
    let region = Written {
        offset: MIB + 7,
        bytes: 600,
    };
    let lost = check(&disk, 5, &[region]).expect("readable").fault;
    assert_eq!(
        lost,
        Some(Fault::Byte {
            at: MIB + 7,
            written: true
        })
    );

    write_pattern(&disk, 6, region);
    let wrong = check(&disk, 5, &[region]).expect("readable").fault;
    assert_eq!(
        wrong,
        Some(Fault::Byte {
            at: MIB + 7,
            written: true
        })
    );

    write_pattern(&disk, 5, region);
    assert_eq!(check(&disk, 5, &[region]).expect("readable").fault, None);
    let stray = check(&disk, 5, &[]).expect("readable").fault;
    assert_eq!(
        stray,
        Some(Fault::Byte {
            at: MIB + 7,
            written: false
        })
    );
}

#[test]
fn writes_past_the_end_and_a_changed_length_are_found() {
    let disk = seeded(&directory("length"), MIB);
    for region in [
        Written {
            offset: MIB,
            bytes: 1,
        },
        Written {
            offset: u64::MAX,
            bytes: 2,
        },
    ] {
        assert_eq!(
            check(&disk, 5, &[region]).expect("readable").fault,
            Some(Fault::Outside(region))
        );
    }
    write(&disk, MIB, &[0]);
    let fault = check(&disk, 5, &[]).expect("readable").fault;
    assert_eq!(
        fault,
        Some(Fault::Length {
            now: MIB + 1,
            was: MIB
        })
    );
}

#[test]
fn the_users_file_is_copied_and_left_alone() {
    let directory = directory("copy");
    let theirs = directory.join("theirs.img");
    let contents: Vec<u8> = (0..MIB + 512).map(|at| at as u8).collect();
    fs::write(&theirs, &contents).expect("writable");
    // The user's file is read-only. The copy must be writable nevertheless.
    fs::set_permissions(&theirs, Permissions::from_mode(0o444)).expect("ours");
    let disk = prepare(&directory, Source::File(theirs.clone()), MIB).expect("valid");
    assert_eq!(disk.bytes, MIB + 512, "the whole file is the disk");
    let region = Written {
        offset: 512,
        bytes: 4096,
    };
    write_pattern(&disk, 1, region);
    assert_eq!(check(&disk, 1, &[region]).expect("readable").fault, None);
    assert_eq!(fs::read(&theirs).expect("readable"), contents);
}

#[test]
fn unusable_files_are_refused_with_advice() {
    let directory = directory("refused");
    let file = |name: &str, bytes: usize| {
        let path = directory.join(name);
        fs::write(&path, vec![1; bytes]).expect("writable");
        Source::File(path)
    };
    let refuse = |source: Source| {
        prepare(&directory, source, MIB)
            .expect_err("unusable")
            .to_string()
    };
    assert!(refuse(Source::File(directory.join("none.img"))).contains("there is no"));
    assert!(refuse(Source::File(directory.clone())).contains("is not a file"));
    assert!(refuse(file("small.img", 4096)).contains("smaller --size"));
    assert!(refuse(file("torn.img", MIB as usize + 3)).contains("truncate"));
}

#[test]
fn the_working_copy_cannot_be_its_own_source() {
    let directory = directory("own");
    let path = seeded(&directory, MIB).path;
    let error = prepare(&directory, Source::File(path), MIB).expect_err("it would be emptied");
    assert!(matches!(error, DiskError::OwnCopy { .. }), "{error:?}");
}

#[test]
fn two_runs_do_not_share_an_image() {
    let directory = directory("shared");
    let first = seeded(&directory, MIB);
    let second = prepare(
        &directory,
        Source::Seeded {
            seed: 1,
            bytes: MIB,
        },
        MIB,
    );
    assert!(matches!(second, Err(DiskError::InUse { .. })), "{second:?}");
    drop(first);
    assert!(
        prepare(
            &directory,
            Source::Seeded {
                seed: 1,
                bytes: MIB
            },
            MIB
        )
        .is_ok()
    );
}
