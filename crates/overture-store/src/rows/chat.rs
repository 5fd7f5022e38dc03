//! Files that come with messages.

use overture_engine::model::{AgentId, Attachment, CustomerId, InteractionId, LinkKey, Timestamp};

/// A file as it was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// What messages say of it.
    pub file: Attachment,
    /// Whose conversation it is in.
    pub customer: CustomerId,
    /// Which conversation.
    pub conversation: InteractionId,
    /// The browser that may see it, when it is not for every verified session.
    pub device: Option<LinkKey>,
    /// Who uploaded it; `None` for the customer.
    pub agent: Option<AgentId>,
    /// When.
    pub uploaded_at: Timestamp,
}

/// How much uploaded files may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadLimits {
    /// Bytes of one conversation's files.
    pub conversation_bytes_max: u64,
    /// Bytes of all files.
    pub total_bytes_max: u64,
}

/// What came of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uploaded {
    /// It is stored.
    Stored,
    /// The conversation's files take their limit.
    ConversationFull,
    /// All files together take their limit.
    Full,
}
