//! The disk under a database file.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use super::open::beside;
use crate::{DiskLimits, DiskPressure, StoreError};

/// How full the disk is, and whether that is too full.
pub(super) fn pressure(path: &Path, limits: &DiskLimits) -> Result<DiskPressure, StoreError> {
    let used_bytes = size(path) + size(&beside(path, "-wal"));
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let disk = free_space::of(folder).map_err(|error| StoreError::Unavailable {
        attempt: "measure the disk",
        cause: Box::new(error),
    })?;
    let too_little = disk.total_bytes / 100 * u64::from(limits.min_free_percent);
    Ok(DiskPressure {
        used_bytes,
        free_bytes: disk.free_bytes,
        refusing: used_bytes >= limits.max_bytes || disk.free_bytes < too_little,
    })
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

/// Makes the reserve file if there is room for it twice.
pub(super) fn keep_reserve(path: &Path, limits: &DiskLimits) {
    let reserve = beside(path, ".reserve");
    if limits.reserve_bytes == 0 || size(&reserve) == limits.reserve_bytes {
        return;
    }
    let room = pressure(path, limits)
        .is_ok_and(|found| !found.refusing && found.free_bytes / 2 > limits.reserve_bytes);
    if room && fill(&reserve, limits.reserve_bytes).is_err() {
        spend_reserve(path);
    }
}

/// Really written: a file with holes would reserve nothing.
fn fill(reserve: &Path, bytes: u64) -> std::io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut file = File::create(reserve)?;
    let mut left = bytes;
    while left > 0 {
        let step = left.min(zeros.len() as u64);
        file.write_all(&zeros[..step as usize])?;
        left -= step;
    }
    Ok(())
}

/// Gives the reserve up: the disk is full.
pub(super) fn spend_reserve(path: &Path) {
    let reserve = beside(path, ".reserve");
    if reserve.exists() && fs::remove_file(&reserve).is_ok() {
        tracing::warn!("the disk is full: the reserve file was given up");
    }
}

mod free_space {
    //! The one system call that the standard library does not have.

    use std::{ffi::CString, io, mem::MaybeUninit, os::unix::ffi::OsStrExt, path::Path};

    /// A file system's size.
    pub(super) struct Disk {
        /// For whoever is not root.
        pub(super) free_bytes: u64,
        pub(super) total_bytes: u64,
    }

    /// The size of the file system that `folder` is on.
    pub(super) fn of(folder: &Path) -> io::Result<Disk> {
        let folder = CString::new(folder.as_os_str().as_bytes())?;
        let mut found = MaybeUninit::<libc::statvfs>::uninit();
        #[expect(
            unsafe_code,
            reason = "statvfs fills the struct it is given and is read only after it says so"
        )]
        let found = unsafe {
            if libc::statvfs(folder.as_ptr(), found.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            found.assume_init()
        };
        let block_bytes = found.f_frsize as u64;
        Ok(Disk {
            free_bytes: found.f_bavail as u64 * block_bytes,
            total_bytes: found.f_blocks as u64 * block_bytes,
        })
    }
}
