//! Files that come with messages, in sealed chunks.

use overture_engine::model::{
    AgentId, Attachment, AttachmentId, InteractionId, LinkKey, Timestamp,
};
use uuid::Uuid;

use super::{
    Db, Row, Value, customer_id, first, opened, params,
    sealed::{seal_for, whole},
    tables::{ATTACHMENT, ATTACHMENT_CHUNK},
};
use crate::{
    StoreError, Upload, UploadLimits, Uploaded,
    keys::{KeyRow, Keys, Sealing},
    records::{RecordError, Seal},
};

/// Bytes of a file in one row.
const CHUNK_BYTES: usize = 64 << 10;

/// What a chunk begins with before it is sealed: its file and its place, so that rows cannot
/// be exchanged for others.
const CHUNK_HEAD_BYTES: usize = 20;

const COLUMNS: &str = "attachment, customer, conversation, device, agent, uploaded_at, \
                       content_type, bytes, width_px, height_px, name, alt";

fn head(attachment: AttachmentId, place: usize) -> [u8; CHUNK_HEAD_BYTES] {
    let mut head = [0; CHUNK_HEAD_BYTES];
    head[..16].copy_from_slice(attachment.uuid().as_bytes());
    head[16..].copy_from_slice(&(place as u32).to_le_bytes());
    head
}

struct Sealed {
    name: Vec<u8>,
    alt: Vec<u8>,
    chunks: Vec<Vec<u8>>,
}

fn seal(upload: &Upload, bytes: &[u8], sealing: &mut Sealing<'_>) -> Sealed {
    let owner = upload.customer;
    Sealed {
        name: sealing.seal(owner, upload.file.name.reveal()),
        alt: sealing.seal(owner, upload.file.alt.reveal()),
        chunks: bytes
            .chunks(CHUNK_BYTES)
            .enumerate()
            .map(|(place, chunk)| {
                let mut plain = head(upload.file.attachment, place).to_vec();
                plain.extend_from_slice(chunk);
                sealing.seal_bytes(owner, &plain)
            })
            .collect(),
    }
}

/// What came of it, and the keys that were made for it.
pub(crate) fn add(
    db: &mut dyn Db,
    keys: &Keys,
    upload: &Upload,
    bytes: &[u8],
    limits: UploadLimits,
) -> Result<(Uploaded, Vec<KeyRow>), StoreError> {
    let mut sum = |sql: &str, params: &[Value]| -> Result<u64, StoreError> {
        first(db, sql, params)?.map_or(Ok(0), |row| row.count(0))
    };
    let in_conversation = sum(
        "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM attachment WHERE conversation = ?1",
        params![*upload.conversation.uuid().as_bytes()],
    )?;
    let in_all = sum(
        "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM attachment",
        &[],
    )?;
    let more = bytes.len() as u64;
    if in_conversation + more > limits.conversation_bytes_max {
        return Ok((Uploaded::ConversationFull, Vec::new()));
    }
    if in_all + more > limits.total_bytes_max {
        return Ok((Uploaded::Full, Vec::new()));
    }
    let (sealed, made) = seal_for(db, keys, upload.customer, |sealing| {
        seal(upload, bytes, sealing)
    })?;
    let file = &upload.file;
    let id = *file.attachment.uuid().as_bytes();
    db.insert(
        &ATTACHMENT,
        vec![vec![
            id.into(),
            (*upload.customer.uuid().as_bytes()).into(),
            (*upload.conversation.uuid().as_bytes()).into(),
            upload.device.map(|device| device.0.to_be_bytes()).into(),
            upload.agent.map(|agent| *agent.uuid().as_bytes()).into(),
            upload.uploaded_at.0.into(),
            0i64.into(),
            file.content_type.as_str().into(),
            more.into(),
            file.width_px.into(),
            file.height_px.into(),
            sealed.name.into(),
            sealed.alt.into(),
        ]],
    )?;
    let chunks = sealed.chunks.into_iter().enumerate();
    db.insert(
        &ATTACHMENT_CHUNK,
        chunks
            .map(|(place, chunk)| vec![id.into(), (place as u64).into(), chunk.into()])
            .collect(),
    )?;
    Ok((Uploaded::Stored, made))
}

pub(crate) fn attachments(
    db: &mut dyn Db,
    keys: &Keys,
    ids: &[AttachmentId],
) -> Result<Vec<Upload>, StoreError> {
    let rows = db.query_in(
        &format!("SELECT {COLUMNS} FROM attachment WHERE attachment"),
        ids.iter()
            .map(|id| Value::from(*id.uuid().as_bytes()))
            .collect(),
    )?;
    let mut found = uploads(db, keys, &rows)?;
    found.sort_by_key(|upload| {
        let asked = ids.iter().position(|id| *id == upload.file.attachment);
        asked.unwrap_or(usize::MAX)
    });
    Ok(found)
}

fn uploads(db: &mut dyn Db, keys: &Keys, rows: &[Row]) -> Result<Vec<Upload>, StoreError> {
    let texts = opened(db, keys, |open| {
        rows.iter()
            .map(|row| {
                let text = |column| {
                    open.open(row.blob(column).unwrap_or_default())
                        .map_err(RecordError::from)
                };
                Ok((text(10)?, text(11)?))
            })
            .collect::<Result<Vec<_>, RecordError>>()
    })?;
    rows.iter()
        .zip(texts)
        .map(|(row, (name, alt))| {
            Ok(Upload {
                file: Attachment {
                    attachment: AttachmentId::from_uuid(Uuid::from_bytes(row.array(0)?)),
                    name,
                    content_type: row.text(6)?.to_owned(),
                    bytes: row.count(7)?,
                    width_px: row.count(8)? as u32,
                    height_px: row.count(9)? as u32,
                    alt,
                },
                customer: customer_id(row.array(1)?),
                conversation: InteractionId::from_uuid(Uuid::from_bytes(row.array(2)?)),
                device: row
                    .maybe_array(3)?
                    .map(|bytes| LinkKey(u128::from_be_bytes(bytes))),
                agent: row
                    .maybe_array(4)?
                    .map(|bytes| AgentId::from_uuid(Uuid::from_bytes(bytes))),
                uploaded_at: Timestamp(row.int(5)?),
            })
        })
        .collect()
}

/// The bytes of a file; `None` when it, or the key that opens it, is gone.
pub(crate) fn bytes(
    db: &mut dyn Db,
    keys: &Keys,
    attachment: AttachmentId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let rows = db.query(
        "SELECT sealed FROM attachment_chunk WHERE attachment = ?1 ORDER BY place",
        params![*attachment.uuid().as_bytes()],
    )?;
    whole(db, keys, &rows, |place| head(attachment, place))
}

/// A message of `conversation` came to carry these files.
pub(crate) fn keep(
    db: &mut dyn Db,
    ids: &[AttachmentId],
    conversation: InteractionId,
) -> Result<(), StoreError> {
    for id in ids {
        db.execute(
            "UPDATE attachment SET sent = 1, conversation = ?2 WHERE attachment = ?1",
            params![*id.uuid().as_bytes(), *conversation.uuid().as_bytes()],
        )?;
    }
    Ok(())
}

/// Forgets files that no message came to carry; returns how many.
pub(crate) fn forget_unsent(
    db: &mut dyn Db,
    before: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let rows = db.query(
        "SELECT attachment FROM attachment WHERE sent = 0 AND uploaded_at < ?1 LIMIT ?2",
        params![before.0, limit],
    )?;
    remove(db, &rows)
}

/// Forgets all files of a customer, in the transaction that destroys the customer's keys.
pub(crate) fn forget_of(db: &mut dyn Db, customer: Value) -> Result<(), StoreError> {
    let rows = db.query(
        "SELECT attachment FROM attachment WHERE customer = ?1",
        &[customer],
    )?;
    remove(db, &rows)?;
    Ok(())
}

fn remove(db: &mut dyn Db, rows: &[Row]) -> Result<u64, StoreError> {
    let ids = rows
        .iter()
        .map(|row| row.array::<16>(0).map(Value::from))
        .collect::<Result<Vec<_>, _>>()?;
    if ids.is_empty() {
        return Ok(0);
    }
    db.execute_in("DELETE FROM attachment_chunk WHERE attachment", ids.clone())?;
    db.execute_in("DELETE FROM attachment WHERE attachment", ids)
}
