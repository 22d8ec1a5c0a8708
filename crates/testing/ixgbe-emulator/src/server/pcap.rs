//! Writes frames to a file that Wireshark and tcpdump read (libpcap's format, version 2.4).

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// A capture file. If a write fails, for example because the disk is full, the capture ends and the device goes on.
pub(super) struct Capture {
    file: Option<BufWriter<File>>,
}

impl Capture {
    /// Creates the file and writes its header.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        for word in [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 0x0004_0000, 1] {
            file.write_all(&word.to_le_bytes())?;
        }
        Ok(Capture { file: Some(file) })
    }

    /// Writes one frame.
    pub(super) fn frame(&mut self, frame: &[u8]) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let length = frame.len() as u32;
        self.attempt(|file| {
            for word in [now.as_secs() as u32, now.subsec_micros(), length, length] {
                file.write_all(&word.to_le_bytes())?;
            }
            file.write_all(frame)
        });
    }

    /// Writes the buffered bytes to the file.
    pub(super) fn flush(&mut self) {
        self.attempt(|file| file.flush());
    }

    fn attempt(&mut self, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) {
        if let Some(file) = &mut self.file
            && let Err(error) = write(file)
        {
            tell!("the capture ends here: {error}");
            self.file = None;
        }
    }
}
