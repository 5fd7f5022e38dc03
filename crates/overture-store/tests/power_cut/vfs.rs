//! SQLite's own files, with every change told to a [`Disk`].
//!
//! The shim becomes the default VFS of this test process, and passes everything on to the
//! one that was the default before. Files outside watched folders are only passed on.

#![expect(
    unsafe_code,
    reason = "SQLite calls a VFS through C function pointers; this runs in tests only"
)]

use std::{
    ffi::{CStr, OsStr, c_char, c_int, c_void},
    os::unix::ffi::OsStrExt,
    path::PathBuf,
    ptr,
    sync::{Arc, OnceLock},
};

use rusqlite::ffi;

use crate::disk::Disk;

/// What SQLite allocates for a file: this, and behind it the real file.
#[repr(C)]
struct ShimFile {
    base: ffi::sqlite3_file,
    /// A box, or null where nobody watches.
    watched: *mut Watched,
}

struct Watched {
    disk: Arc<Disk>,
    path: PathBuf,
}

#[derive(Clone, Copy)]
struct Vfs(*mut ffi::sqlite3_vfs);

// SAFETY: the pointer is to a VFS that lives as long as the process and is not changed.
unsafe impl Send for Vfs {}
// SAFETY: as above.
unsafe impl Sync for Vfs {}

static REAL: OnceLock<Vfs> = OnceLock::new();

/// Makes the shim the default VFS, once.
pub(crate) fn install() {
    REAL.get_or_init(|| {
        // SAFETY: the default VFS is found and copied; the copy is leaked, so that it
        // lives as long as SQLite may use it.
        unsafe {
            let real = ffi::sqlite3_vfs_find(ptr::null());
            assert!(!real.is_null());
            let mut shim = *real;
            shim.pNext = ptr::null_mut();
            shim.zName = c"power-cut".as_ptr();
            shim.szOsFile += size_of::<ShimFile>() as c_int;
            shim.xOpen = Some(open);
            shim.xDelete = Some(delete);
            let registered = ffi::sqlite3_vfs_register(Box::leak(Box::new(shim)), 1);
            assert_eq!(registered, ffi::SQLITE_OK);
            Vfs(real)
        }
    });
}

fn real_vfs() -> *mut ffi::sqlite3_vfs {
    REAL.get().expect("installed first").0
}

/// The real file behind the shim's.
unsafe fn real(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite allocated `szOsFile` bytes, the shim's and the real file's.
    unsafe { file.cast::<ShimFile>().add(1).cast() }
}

unsafe fn watched<'a>(file: *mut ffi::sqlite3_file) -> Option<&'a Watched> {
    // SAFETY: the field is null or a box that lives until the file is closed.
    unsafe { (*file.cast::<ShimFile>()).watched.as_ref() }
}

unsafe fn path_of(name: *const c_char) -> PathBuf {
    // SAFETY: SQLite passes a path that ends with a zero.
    let name = unsafe { CStr::from_ptr(name) };
    PathBuf::from(OsStr::from_bytes(name.to_bytes()))
}

/// Calls a method of the real file.
macro_rules! pass_on {
    ($file:ident . $method:ident ( $($arg:expr),* )) => {{
        // SAFETY: the real file was opened by the real VFS, which set its methods.
        unsafe {
            let real = real($file);
            let method = (*(*real).pMethods).$method.expect("the real VFS has it");
            method(real, $($arg),*)
        }
    }};
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let vfs = real_vfs();
    // SAFETY: SQLite passes a place for the file, and the real VFS gets the place behind
    // the shim's own part.
    unsafe {
        let shim = file.cast::<ShimFile>();
        (*shim).watched = ptr::null_mut();
        (*shim).base.pMethods = ptr::null();
        let opened =
            (*vfs).xOpen.expect("a VFS opens files")(vfs, name, real(file), flags, out_flags);
        if opened != ffi::SQLITE_OK {
            return opened;
        }
        (*shim).base.pMethods = &METHODS;
        if !name.is_null() {
            let path = path_of(name);
            if let Some(disk) = Disk::of(&path) {
                disk.opened(&path, std::fs::read(&path).unwrap_or_default());
                (*shim).watched = Box::into_raw(Box::new(Watched { disk, path }));
            }
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    let vfs = real_vfs();
    // SAFETY: passed on as it came.
    unsafe {
        let deleted = (*vfs).xDelete.expect("a VFS deletes files")(vfs, name, sync_folder);
        if deleted == ffi::SQLITE_OK {
            let path = path_of(name);
            if let Some(disk) = Disk::of(&path) {
                disk.deleted(&path, sync_folder != 0);
            }
        }
        deleted
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: the box was made when the file was opened and is taken back once.
    unsafe {
        let shim = file.cast::<ShimFile>();
        if !(*shim).watched.is_null() {
            drop(Box::from_raw((*shim).watched));
            (*shim).watched = ptr::null_mut();
        }
    }
    pass_on!(file.xClose())
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    amount: c_int,
    offset: i64,
) -> c_int {
    pass_on!(file.xRead(into, amount, offset))
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    data: *const c_void,
    amount: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: SQLite passes `amount` bytes.
    let (watched, bytes) = unsafe {
        (
            watched(file),
            std::slice::from_raw_parts(data.cast::<u8>(), amount as usize),
        )
    };
    if let Some(watched) = watched
        && !watched.disk.take_room(bytes.len() as u64)
    {
        return ffi::SQLITE_FULL;
    }
    let written = pass_on!(file.xWrite(data, amount, offset));
    if let (Some(watched), ffi::SQLITE_OK) = (watched, written) {
        watched.disk.wrote(&watched.path, offset as usize, bytes);
    }
    written
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    let truncated = pass_on!(file.xTruncate(length));
    // SAFETY: an open file.
    if let (Some(watched), ffi::SQLITE_OK) = (unsafe { watched(file) }, truncated) {
        watched.disk.truncated(&watched.path, length as usize);
    }
    truncated
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: an open file.
    match unsafe { watched(file) } {
        // The model is the disk: there is nothing to wait for.
        Some(watched) => {
            watched.disk.synced(&watched.path);
            ffi::SQLITE_OK
        }
        None => pass_on!(file.xSync(flags)),
    }
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    pass_on!(file.xFileSize(size))
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    pass_on!(file.xLock(level))
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    pass_on!(file.xUnlock(level))
}

unsafe extern "C" fn check_reserved_lock(
    file: *mut ffi::sqlite3_file,
    result: *mut c_int,
) -> c_int {
    pass_on!(file.xCheckReservedLock(result))
}

unsafe extern "C" fn file_control(
    file: *mut ffi::sqlite3_file,
    operation: c_int,
    argument: *mut c_void,
) -> c_int {
    pass_on!(file.xFileControl(operation, argument))
}

unsafe extern "C" fn sector_size(file: *mut ffi::sqlite3_file) -> c_int {
    pass_on!(file.xSectorSize())
}

unsafe extern "C" fn device_characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    pass_on!(file.xDeviceCharacteristics())
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    pass_on!(file.xShmMap(page, size, extend, out))
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    offset: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    pass_on!(file.xShmLock(offset, count, flags))
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    pass_on!(file.xShmBarrier())
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    pass_on!(file.xShmUnmap(delete))
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};
