//! A disk whose power can fail: what is synchronised stays, of everything else any part
//! may have reached it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

/// What a disk writes whole.
const SECTOR: usize = 512;

/// Numbers from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) % end
    }
}

/// A change that was not synchronised.
#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Truncate(usize),
}

#[derive(Debug, Clone, Default)]
struct FileState {
    /// The content after the last synchronisation; none while the file may not exist.
    durable: Option<Vec<u8>>,
    changes: Vec<Change>,
    /// A file that had the name before and was removed, while its folder was not
    /// synchronised since: it can be back after a cut, but never mixed with the new one.
    removed: Option<Vec<u8>>,
}

/// What was on the disk when the power failed.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    /// Which change it came after.
    pub(crate) change: u64,
    /// The last commit that had been acknowledged.
    pub(crate) acknowledged: u64,
    /// The files, by name.
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
}

/// One folder's disk.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    state: Mutex<State>,
    /// The last commit that was acknowledged.
    pub(crate) acknowledged: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<PathBuf, FileState>,
    changes: u64,
    cut_after: BTreeSet<u64>,
    cuts: Vec<Cut>,
    chance: Option<Chance>,
    /// How many more bytes fit; no end when none.
    room: Option<u64>,
}

/// The disks of this process, by folder.
static DISKS: Mutex<BTreeMap<PathBuf, Arc<Disk>>> = Mutex::new(BTreeMap::new());

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Disk {
    /// Watches a folder: the power fails, in thought, after each of these changes.
    pub(crate) fn watch(folder: &Path, cut_after: BTreeSet<u64>, chance: Chance) -> Arc<Self> {
        let disk = Arc::new(Self::default());
        {
            let mut state = locked(&disk.state);
            state.cut_after = cut_after;
            state.chance = Some(chance);
        }
        locked(&DISKS).insert(folder.to_owned(), disk.clone());
        disk
    }

    /// The disk that a file is on, if it is watched.
    pub(crate) fn of(file: &Path) -> Option<Arc<Self>> {
        locked(&DISKS).get(file.parent()?).cloned()
    }

    /// Stops watching.
    pub(crate) fn forget(folder: &Path) {
        locked(&DISKS).remove(folder);
    }

    /// The cuts so far.
    pub(crate) fn cuts(&self) -> Vec<Cut> {
        locked(&self.state).cuts.clone()
    }

    /// How many changes there were.
    pub(crate) fn changes(&self) -> u64 {
        locked(&self.state).changes
    }

    /// Leaves room for so many more bytes.
    pub(crate) fn set_room(&self, room: Option<u64>) {
        locked(&self.state).room = room;
    }

    /// Whether so many more bytes fit; takes their room.
    pub(crate) fn take_room(&self, bytes: u64) -> bool {
        let mut state = locked(&self.state);
        match state.room {
            Some(room) if room < bytes => {
                state.room = Some(0);
                false
            }
            Some(room) => {
                state.room = Some(room - bytes);
                true
            }
            None => true,
        }
    }

    pub(crate) fn opened(&self, file: &Path, content: Vec<u8>) {
        locked(&self.state)
            .files
            .entry(file.to_owned())
            .or_insert_with(|| FileState {
                durable: (!content.is_empty()).then_some(content),
                ..FileState::default()
            });
    }

    pub(crate) fn wrote(&self, file: &Path, offset: usize, data: &[u8]) {
        self.changed(file, |state| {
            state.changes.push(Change::Write {
                offset,
                data: data.to_vec(),
            });
        });
    }

    pub(crate) fn truncated(&self, file: &Path, length: usize) {
        self.changed(file, |state| state.changes.push(Change::Truncate(length)));
    }

    pub(crate) fn synced(&self, file: &Path) {
        // The power can also fail while it synchronises: just before it is done.
        self.changed(file, |_| {});
        // SQLite synchronises the folder with the first synchronisation of a new journal
        // or write-ahead log, which also makes earlier removals in it final.
        let mut state = locked(&self.state);
        let new = |state: &State| state.files.get(file).is_none_or(|it| it.durable.is_none());
        if new(&state) && !file.to_string_lossy().ends_with(".db") {
            for other in state.files.values_mut() {
                other.removed = None;
            }
        }
        drop(state);
        self.changed(file, |state| {
            state.removed = None;
            let image = state.durable.get_or_insert_default();
            for change in state.changes.drain(..) {
                apply(image, &change);
            }
        });
    }

    pub(crate) fn deleted(&self, file: &Path, folder_synced: bool) {
        self.changed(file, |state| {
            let earlier = std::mem::take(state);
            if !folder_synced {
                state.removed = earlier.durable.or(earlier.removed);
            }
        });
    }

    fn changed(&self, file: &Path, change: impl FnOnce(&mut FileState)) {
        let mut state = locked(&self.state);
        change(state.files.entry(file.to_owned()).or_default());
        state.changes += 1;
        let now = state.changes;
        if state.cut_after.contains(&now) {
            let mut chance = state.chance.clone().expect("set when it is watched");
            let files = state
                .files
                .iter()
                .filter_map(|(path, file)| {
                    survived(file, &mut chance).map(|image| (path.clone(), image))
                })
                .collect();
            state.chance = Some(chance);
            let cut = Cut {
                change: now,
                acknowledged: self.acknowledged.load(Ordering::SeqCst),
                files,
            };
            state.cuts.push(cut);
        }
    }
}

fn apply(image: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { offset, data } => {
            let end = offset + data.len();
            if image.len() < end {
                image.resize(end, 0);
            }
            image[*offset..end].copy_from_slice(data);
        }
        Change::Truncate(length) => image.truncate(*length),
    }
}

/// What a file holds after the power failed: any part of what was not synchronised.
fn survived(file: &FileState, chance: &mut Chance) -> Option<Vec<u8>> {
    if file.durable.is_none() {
        if file.removed.is_some() && chance.below(2) == 0 {
            return file.removed.clone();
        }
        if file.changes.is_empty() || chance.below(3) == 0 {
            return None;
        }
    }
    let mut image = file.durable.clone().unwrap_or_default();
    let count = file.changes.len() as u64;
    let how = chance.below(6);
    let border = chance.below(count + 1);
    for (place, change) in (0..).zip(&file.changes) {
        let keep = match how {
            0 => false,
            1 => true,
            2 => place < border,
            3 => place >= border,
            4 => chance.below(2) == 0,
            _ => {
                for part in sectors(change) {
                    if chance.below(2) == 0 {
                        apply(&mut image, &part);
                    }
                }
                false
            }
        };
        if keep {
            apply(&mut image, change);
        }
    }
    Some(image)
}

/// A change in pieces that no sector border cuts.
fn sectors(change: &Change) -> Vec<Change> {
    match change {
        Change::Truncate(length) => vec![Change::Truncate(*length)],
        Change::Write { offset, data } => {
            let mut parts = Vec::new();
            let mut done = 0;
            while done < data.len() {
                let at = offset + done;
                let step = (SECTOR - at % SECTOR).min(data.len() - done);
                parts.push(Change::Write {
                    offset: at,
                    data: data[done..done + step].to_vec(),
                });
                done += step;
            }
            parts
        }
    }
}
