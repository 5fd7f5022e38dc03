//! The records of what belongs to a chat besides its messages.

use overture_engine::model::{
    Attachment, ChatDetails, ChatRead, ChatStanding, ChatState, MailFailed, MailFailure,
    UnmailedMessage,
};

use super::wire::{Reader, RecordError, Wire, Writer, numbers, record};

record! {
    /// A file that came with a message; its bytes are in rows of their own.
    AttachmentRecord for Attachment {
        #[prost(bytes = "vec", tag = "1")]
        attachment: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        name: Vec<u8>,
        #[prost(string, tag = "3")]
        content_type: String,
        #[prost(uint64, tag = "4")]
        bytes: u64,
        #[prost(uint32, tag = "5")]
        width_px: u32,
        #[prost(uint32, tag = "6")]
        height_px: u32,
        #[prost(bytes = "vec", tag = "7")]
        alt: Vec<u8>,
    }
}

record! {
    /// An agent's message that may have to be mailed.
    UnmailedRecord for UnmailedMessage {
        #[prost(bytes = "vec", tag = "1")]
        message: Vec<u8>,
        #[prost(uint64, tag = "2")]
        timeline_seq: u64,
        #[prost(int64, tag = "3")]
        at: i64,
    }
}

record! {
    /// What an open conversation knows besides its messages.
    ChatStateRecord for ChatState {
        #[prost(int64, tag = "1")]
        last_at: i64,
        #[prost(uint64, repeated, tag = "2")]
        unread: Vec<u64>,
        #[prost(uint32, tag = "3")]
        unread_older: u32,
        #[prost(uint64, tag = "4")]
        customer_read: u64,
        #[prost(uint64, tag = "5")]
        staff_read: u64,
        #[prost(int64, optional, tag = "6")]
        left_at: Option<i64>,
        #[prost(bytes = "vec", optional, tag = "7")]
        email: Option<Vec<u8>>,
        #[prost(bytes = "vec", optional, tag = "8")]
        source: Option<Vec<u8>>,
        #[prost(string, tag = "9")]
        terms: String,
        #[prost(message, repeated, tag = "10")]
        unmailed: Vec<UnmailedRecord>,
        #[prost(int64, optional, tag = "11")]
        mail_at: Option<i64>,
        #[prost(uint32, tag = "12")]
        mail_generation: u32,
        #[prost(bool, tag = "13")]
        undeliverable: bool,
    }
}

record! {
    /// What lists show of a conversation besides its messages.
    ChatStandingRecord for ChatStanding {
        #[prost(uint32, tag = "1")]
        unread: u32,
        #[prost(uint64, tag = "2")]
        customer_read: u64,
        #[prost(uint64, tag = "3")]
        staff_read: u64,
        #[prost(int64, optional, tag = "4")]
        left_at: Option<i64>,
        #[prost(bytes = "vec", optional, tag = "5")]
        email: Option<Vec<u8>>,
        #[prost(string, tag = "6")]
        terms: String,
        #[prost(string, tag = "7")]
        page: String,
        #[prost(uint32, tag = "8")]
        mail_generation: u32,
        #[prost(bool, tag = "9")]
        undeliverable: bool,
    }
}

numbers! {
    MailFailure { 0 = Refused, 1 = GivenUp, }
}

record! {
    /// A mail that never arrives.
    MailFailedRecord for MailFailed {
        #[prost(bytes = "vec", tag = "1")]
        conversation: Vec<u8>,
        #[prost(uint32, tag = "2")]
        generation: u32,
        #[prost(uint32, tag = "3")]
        failure: u32,
        #[prost(string, tag = "4")]
        detail: String,
    }
}

record! {
    /// Who read a conversation, and how far.
    ChatReadRecord for ChatRead {
        #[prost(bytes = "vec", tag = "1")]
        conversation: Vec<u8>,
        #[prost(bytes = "vec", optional, tag = "2")]
        agent: Option<Vec<u8>>,
        #[prost(uint64, tag = "3")]
        timeline_seq: u64,
    }
}

record! {
    /// What the customer was told and told us when a chat began.
    ChatDetailsRecord for ChatDetails {
        #[prost(string, optional, tag = "1")]
        terms: Option<String>,
        #[prost(bytes = "vec", optional, tag = "2")]
        email: Option<Vec<u8>>,
    }
}

/// Earlier releases wrote none of these: there was nothing to know.
macro_rules! or_default {
    ($($record:ident for $model:ident,)*) => {$(
        impl Wire<Option<$record>> for Box<$model> {
            fn write(&self, w: &mut Writer<'_>) -> Option<$record> {
                (**self != $model::default()).then(|| (**self).write(w))
            }

            fn read(record: Option<$record>, r: Reader<'_>) -> Result<Self, RecordError> {
                Ok(match record {
                    Some(record) => Box::new(<$model as Wire<$record>>::read(record, r)?),
                    None => Box::default(),
                })
            }
        }
    )*};
}

or_default! {
    ChatStateRecord for ChatState,
    ChatStandingRecord for ChatStanding,
}
