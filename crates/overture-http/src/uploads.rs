//! Files that are being received: how many at once, and how slowly one may come.
//!
//! Each takes memory for as long as it comes, so there is room for so many, of which one
//! visitor takes only a part, and staff have their own.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{body::BodyDataStream, http::StatusCode};
use futures_util::StreamExt;
use overture_engine::model::LinkKey;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::{
    core::Unavailable,
    error::{ApiError, ApiResult},
};

/// Visitors' files at once: each may take its whole size of memory, twice.
const VISITORS_MAX: usize = 24;
/// Staff's files at once.
const STAFF_MAX: usize = 8;
/// Files of one browser at once.
const A_BROWSER_MAX: u32 = 2;
/// Files of one client address at once: an office shares one.
const AN_ADDRESS_MAX: u32 = 8;

/// A file must bring so much ...
const STRETCH_BYTES_MIN: usize = 128 << 10;
/// ... every so often: 52 kbit/s, and a line may be silent for a while.
const STRETCH: Duration = Duration::from_secs(20);

/// When somebody who sends too many files at once may try again, seconds.
const AGAIN_AFTER_S: u32 = 5;

/// Who sends a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Uploader {
    /// A visitor: the session's browser, at this address.
    Visitor(LinkKey, IpAddr),
    /// Somebody who signed in.
    Staff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Counted {
    Browser(LinkKey),
    Address(IpAddr),
}

/// Room for files that are being received.
#[derive(Debug)]
pub(crate) struct Uploads {
    visitors: Semaphore,
    staff: Semaphore,
    under_way: Mutex<HashMap<Counted, u32>>,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            visitors: Semaphore::new(VISITORS_MAX),
            staff: Semaphore::new(STAFF_MAX),
            under_way: Mutex::default(),
        }
    }
}

/// Room that one file has while this lives.
#[derive(Debug)]
pub(crate) struct Room<'a> {
    uploads: &'a Uploads,
    counted: Vec<Counted>,
    _permit: SemaphorePermit<'a>,
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        let mut under_way = self.uploads.lock();
        for one in &self.counted {
            if let Some(count) = under_way.get_mut(one) {
                *count -= 1;
                if *count == 0 {
                    under_way.remove(one);
                }
            }
        }
    }
}

impl Uploads {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Counted, u32>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room for one more file, before a byte of it is read.
    ///
    /// # Errors
    /// 429 to a visitor who sends too many at once, 503 where there is no room at all.
    pub(crate) fn begin(&self, who: Uploader) -> ApiResult<Room<'_>> {
        let (room, limits) = match who {
            Uploader::Visitor(browser, address) => (
                &self.visitors,
                vec![
                    (Counted::Browser(browser), A_BROWSER_MAX),
                    (Counted::Address(address), AN_ADDRESS_MAX),
                ],
            ),
            Uploader::Staff => (&self.staff, Vec::new()),
        };
        let mut under_way = self.lock();
        let is_full = |(one, max): &(Counted, u32)| under_way.get(one).is_some_and(|n| n >= max);
        if limits.iter().any(is_full) {
            return Err(too_many());
        }
        let permit = room.try_acquire().map_err(|_| Unavailable {
            retry_after_s: 2,
            reason: "overloaded",
        })?;
        let counted: Vec<Counted> = limits.into_iter().map(|(one, _)| one).collect();
        for one in &counted {
            *under_way.entry(*one).or_default() += 1;
        }
        drop(under_way);
        Ok(Room {
            uploads: self,
            counted,
            _permit: permit,
        })
    }
}

fn too_many() -> ApiError {
    ApiError {
        retry_after_s: Some(AGAIN_AFTER_S),
        ..ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_uploads",
            "too many files are sent at once: send the next when one has arrived",
        )
    }
}

/// Reads a file of at most `bytes_max` bytes.
///
/// # Errors
/// 413 as soon as it is larger, 408 when it comes too slowly, 400 when it breaks off.
pub(crate) async fn receive(stream: BodyDataStream, bytes_max: u64) -> ApiResult<Vec<u8>> {
    receive_in(STRETCH, stream, bytes_max).await
}

async fn receive_in(
    stretch: Duration,
    mut stream: BodyDataStream,
    bytes_max: u64,
) -> ApiResult<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let read = read_on(&mut stream, &mut bytes, bytes_max);
        match timeout(stretch, read).await {
            Ok(Ok(Read::All)) => return Ok(bytes),
            Ok(Ok(Read::Part)) => {}
            Ok(Err(refused)) => return Err(refused),
            Err(_) => {
                return Err(ApiError::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "upload_too_slow",
                    "the file came too slowly",
                ));
            }
        }
    }
}

enum Read {
    All,
    Part,
}

/// Reads until enough for one stretch has come, or the end.
async fn read_on(
    stream: &mut BodyDataStream,
    bytes: &mut Vec<u8>,
    bytes_max: u64,
) -> ApiResult<Read> {
    let enough = bytes.len() + STRETCH_BYTES_MIN;
    while bytes.len() < enough {
        let Some(part) = stream.next().await else {
            return Ok(Read::All);
        };
        let part = part.map_err(|_| {
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "bad_body",
                "the file did not arrive whole",
            )
        })?;
        if bytes.len() as u64 + part.len() as u64 > bytes_max {
            return Err(too_large(bytes_max));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(Read::Part)
}

/// The refusal of a file that is larger than `bytes_max`.
pub(crate) fn too_large(bytes_max: u64) -> ApiError {
    let mut error = ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "file_too_large",
        format!("a file may have at most {bytes_max} bytes"),
    );
    error.more.insert("bytes_max".into(), bytes_max.into());
    error
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::body::{Body, Bytes};
    use futures_util::stream;

    use super::*;

    fn at(address: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, address).into()
    }

    #[test]
    fn one_visitor_takes_a_part_of_the_room_and_none_of_staffs() {
        let uploads = Uploads::default();
        let one = |browser, address| uploads.begin(Uploader::Visitor(LinkKey(browser), address));
        let first = one(1, at(1)).unwrap();
        let second = one(1, at(1)).unwrap();
        let third = one(1, at(1)).unwrap_err();
        assert_eq!(third.code, "too_many_uploads");
        drop(first);
        let mut rooms = vec![one(1, at(1)).unwrap()];
        for browser in 2..8 {
            rooms.push(one(browser, at(1)).unwrap());
        }
        assert_eq!(one(8, at(1)).unwrap_err().code, "too_many_uploads");
        for browser in 8..24 {
            rooms.push(one(browser, at(browser as u8)).unwrap());
        }
        assert_eq!(one(99, at(99)).unwrap_err().code, "unavailable");
        for _ in 0..STAFF_MAX {
            rooms.push(uploads.begin(Uploader::Staff).unwrap());
        }
        drop(rooms);
        drop(second);
        assert!(uploads.lock().is_empty());
    }

    /// A body of so many parts of 64 KiB; one that goes on is silent after them.
    fn body(parts: usize, goes_on: bool) -> BodyDataStream {
        let part = || Ok::<_, std::io::Error>(Bytes::from(vec![7; 64 << 10]));
        let sent = stream::iter(std::iter::repeat_with(part).take(parts));
        let rest = if goes_on { 1 } else { 0 };
        let silence = stream::iter(0..rest).then(|_| std::future::pending());
        Body::from_stream(sent.chain(silence)).into_data_stream()
    }

    #[tokio::test]
    async fn a_file_is_read_to_its_end_and_a_trickle_is_refused() {
        let whole = receive(body(5, false), 1 << 20).await.unwrap();
        assert_eq!(whole.len(), 5 * (64 << 10));
        let large = receive(body(5, false), 1_000).await.unwrap_err();
        assert_eq!(large.code, "file_too_large");
        for parts in [0, 1, 3] {
            let trickle = receive_in(Duration::from_millis(20), body(parts, true), 1 << 20).await;
            assert_eq!(trickle.unwrap_err().code, "upload_too_slow", "{parts}");
        }
    }
}
