//! A store whose power fails and whose commits break, when a test says so.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use overture_engine::model::{
    AgentId, AgentState, AttachmentId, BrandId, ConversationRow, CustomerId, CustomerState,
    DecisionId, DecisionRecord, DeliveryId, FaqId, GrantId, GuideId, IdentityLink, Input,
    InteractionId, LinkKey, MediaId, OutboxItem, Private, RequestId, RequestState, Seq, SourceId,
    Timestamp, TokenId,
};
use overture_store::{
    Alert, ApiToken, Article, ArticleChange, ArticleCounts, ArticleLocale, ArticleText, Boot,
    Brand, CallEntry, CallPartKind, CallsOf, CommitUnit, Committed, Comparison, ConversationsOf,
    CustomerSummary, CustomersBy, DecisionCounts, DecisionFilter, DecisionQuery, DiskPressure,
    Epoch, Erased, GrantRow, Guide, GuideHealth, GuideMedia, GuideRevision, GuideSet, GuideSight,
    LabelKind, LabelRow, LedgerOf, LedgerReport, LedgerRow, LexiconRevision, LexiconSaved,
    MinuteCount, MissedSearch, OfferOutcomes, OutboxClaim, PolicyRevision, Pruned,
    PublishedArticle, RejectedEvent, Retention, RolloutRevision, RolloutSaved, SkippedEvent,
    Source, Staff, StaffSession, Store, StoreError, TimelinePage, TimelineQuery, Totals, Upload,
    UploadLimits, Uploaded, WriteKey,
};

/// How the next commit goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokenCommit {
    /// Nothing is written.
    Before,
    /// Everything is written, but the writer is not told.
    After,
}

/// What goes wrong, set from outside while the store is in use.
#[derive(Debug, Default)]
pub struct Faults {
    /// 0 none, 1 before, 2 after.
    next_commit: AtomicU64,
    no_power: AtomicBool,
    commits_broken: AtomicU64,
}

impl Faults {
    /// The next commit goes wrong in this way.
    pub fn break_next_commit(&self, how: BrokenCommit) {
        let code = match how {
            BrokenCommit::Before => 1,
            BrokenCommit::After => 2,
        };
        self.next_commit.store(code, Ordering::SeqCst);
    }

    /// From now on nothing works any more.
    pub fn cut_power(&self) {
        self.no_power.store(true, Ordering::SeqCst);
    }

    /// How many commits went wrong.
    pub fn commits_broken(&self) -> u64 {
        self.commits_broken.load(Ordering::SeqCst)
    }

    fn check(&self, attempt: &'static str) -> Result<(), StoreError> {
        if self.no_power.load(Ordering::SeqCst) {
            return Err(broken(attempt));
        }
        Ok(())
    }
}

fn broken(attempt: &'static str) -> StoreError {
    StoreError::Unavailable {
        attempt,
        cause: "a test broke it".into(),
    }
}

/// A store that does what it should, until told otherwise.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    faults: Arc<Faults>,
}

impl FaultyStore {
    /// Puts faults in front of a store.
    pub fn new(inner: Arc<dyn Store>, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }
}

macro_rules! hand_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {$(
        fn $name(&self, $($argument: $type),*) -> Result<$answer, StoreError> {
            self.faults.check(stringify!($name))?;
            self.inner.$name($($argument),*)
        }
    )*};
}

impl Store for FaultyStore {
    fn kind(&self) -> &'static str {
        self.inner.kind()
    }

    fn commit(&self, unit: &CommitUnit) -> Result<Committed, StoreError> {
        self.faults.check("commit")?;
        let how = self.faults.next_commit.swap(0, Ordering::SeqCst);
        if how == 0 {
            return self.inner.commit(unit);
        }
        self.faults.commits_broken.fetch_add(1, Ordering::SeqCst);
        if how == 2 {
            self.inner.commit(unit)?;
        }
        Err(broken("commit"))
    }

    hand_on! {
        acquire_lease(now: Timestamp) -> Epoch;
        seize_lease(now: Timestamp) -> Epoch;
        boot() -> Boot;
        read_log(from: Seq, max_inputs: usize) -> Vec<Input>;
        message_keys_since(at: Timestamp, max: usize) -> Vec<(Timestamp, u64)>;
        customers(customers: &[CustomerId]) -> Vec<Option<CustomerState>>;
        resolve(keys: &[LinkKey]) -> Vec<Option<CustomerId>>;
        survivor(customer: CustomerId) -> CustomerId;
        links_of(customer: CustomerId) -> Vec<IdentityLink>;
        traits_of(customer: CustomerId) -> Vec<(String, Private)>;
        labels(customers: &[CustomerId]) -> Vec<Option<Private>>;
        customer_list(by: CustomersBy, limit: u32) -> Vec<CustomerSummary>;
        erase(customer: CustomerId, at: Timestamp) -> Erased;
        timeline(query: &TimelineQuery) -> TimelinePage;
        conversation(conversation: InteractionId) -> Option<ConversationRow>;
        conversations(of: ConversationsOf, limit: u32) -> Vec<ConversationRow>;
        requests() -> Vec<(RequestId, RequestState)>;
        agents() -> Vec<(AgentId, AgentState)>;
        decisions(query: &DecisionQuery) -> Vec<DecisionRecord>;
        decision_counts(filter: &DecisionFilter) -> DecisionCounts;
        decision(decision: DecisionId) -> Option<DecisionRecord>;
        minute_counts(from: Timestamp, to: Timestamp) -> Vec<MinuteCount>;
        grant(grant: GrantId) -> Option<GrantRow>;
        grants_of(customer: CustomerId) -> Vec<GrantRow>;
        grants(cursor: Option<GrantId>, limit: u32) -> Vec<GrantRow>;
        ledger(of: LedgerOf, limit: u32) -> Vec<LedgerRow>;
        verify_ledger() -> LedgerReport;
        skipped(limit: u32) -> Vec<SkippedEvent>;
        totals() -> Totals;
        claim_outbox(epoch: Epoch, limit: u32, now: Timestamp) -> Vec<OutboxClaim>;
        complete_outbox(epoch: Epoch, delivery: DeliveryId) -> ();
        fail_outbox(epoch: Epoch, delivery: DeliveryId, next_try: Timestamp) -> ();
        add_alert(alert: &Alert) -> ();
        open_alerts(limit: u32) -> Vec<Alert>;
        finish_alert(alert: DeliveryId, by: AgentId, at: Timestamp) -> bool;
        calls(of: CallsOf, before: Option<InteractionId>, limit: u32) -> Vec<CallEntry>;
        call(call: InteractionId) -> Option<CallEntry>;
        put_call_part(call: InteractionId, kind: CallPartKind, place: u32, bytes: &[u8], at: Timestamp) -> ();
        call_parts(call: InteractionId, kind: CallPartKind, places: std::ops::Range<u32>) -> Option<Vec<u8>>;
        forget_call_audio(call: InteractionId) -> bool;
        forget_old_call_audio(before: Timestamp) -> u64;
        add_attachment(upload: &Upload, bytes: &[u8], limits: UploadLimits) -> Uploaded;
        attachments(attachments: &[AttachmentId]) -> Vec<Upload>;
        attachment_bytes(attachment: AttachmentId) -> Option<Vec<u8>>;
        keep_attachments(attachments: &[AttachmentId], conversation: InteractionId) -> ();
        forget_unsent_attachments(before: Timestamp) -> u64;
        put_staff(staff: &Staff) -> ();
        staff(agent: AgentId) -> Option<Staff>;
        staff_by_email(email: &str) -> Option<Staff>;
        staff_list() -> Vec<Staff>;
        add_session(session: &StaffSession) -> ();
        session(token_hash: &[u8; 32]) -> Option<StaffSession>;
        end_session(token_hash: &[u8; 32]) -> ();
        end_sessions_of(agent: AgentId) -> ();
        put_source(source: &Source) -> ();
        sources() -> Vec<Source>;
        add_write_key(source: SourceId, key: &WriteKey) -> ();
        revoke_write_key(source: SourceId, key: &str, at: Timestamp) -> bool;
        put_brand(brand: &Brand) -> ();
        brands() -> Vec<Brand>;
        remove_brand(brand: BrandId) -> bool;
        add_token(token: &ApiToken) -> ();
        tokens() -> Vec<ApiToken>;
        remove_token(token: TokenId) -> bool;
        add_policy(policy: &PolicyRevision) -> ();
        newest_policy() -> Option<PolicyRevision>;
        policy(revision: u32) -> Option<PolicyRevision>;
        policies(limit: u32) -> Vec<PolicyRevision>;
        add_lexicon(lexicon: &LexiconRevision) -> ();
        newest_lexicon() -> Option<LexiconRevision>;
        lexicon(revision: u32) -> Option<LexiconRevision>;
        lexicons(limit: u32) -> Vec<LexiconSaved>;
        add_rollouts(rollouts: &RolloutRevision, alerts: &[OutboxItem]) -> ();
        newest_rollouts() -> Option<RolloutRevision>;
        rollouts(revision: u32) -> Option<RolloutRevision>;
        rollouts_list(limit: u32) -> Vec<RolloutSaved>;
        comparison(from: Timestamp, to: Timestamp, now: Timestamp, most: u32) -> Comparison;
        offer_outcomes(rules: &[(String, Timestamp)]) -> Vec<OfferOutcomes>;
        change_articles(changes: &[ArticleChange]) -> ();
        articles() -> Vec<Article>;
        article(faq: FaqId) -> Option<Article>;
        published_articles() -> Vec<PublishedArticle>;
        article_locales(faq: Option<FaqId>) -> Vec<ArticleLocale>;
        newest_article_texts() -> Vec<ArticleText>;
        article_texts(faq: FaqId, locale: &str) -> Vec<ArticleText>;
        article_counts() -> Vec<ArticleCounts>;
        labelled_texts(kind: LabelKind, after: Option<(CustomerId, u64)>, limit: u32) -> Vec<LabelRow>;
        missed_searches(limit: u32) -> Vec<MissedSearch>;
        add_rejected(events: &[RejectedEvent]) -> ();
        rejected(before: Option<u64>, limit: u32) -> Vec<(u64, RejectedEvent)>;
        setting(key: &str) -> Option<String>;
        set_setting(key: &str, value: &str) -> ();
        put_guide(guide: &Guide) -> ();
        guides() -> Vec<Guide>;
        guide(guide: GuideId) -> Option<Guide>;
        publish_guide(guide: &Guide, revision: Option<&GuideRevision>, set: &GuideSet) -> ();
        add_guide_set(set: &GuideSet) -> ();
        guide_revision(guide: GuideId, revision: u32) -> Option<GuideRevision>;
        guide_revisions(guide: GuideId, limit: u32) -> Vec<GuideRevision>;
        newest_guide_set() -> Option<GuideSet>;
        guide_set(revision: u32) -> Option<GuideSet>;
        put_guide_media(media: &GuideMedia, data: &[u8]) -> ();
        remove_guide_media(media: MediaId) -> ();
        guide_media(media: MediaId) -> Option<GuideMedia>;
        guide_media_of(guide: GuideId) -> Vec<GuideMedia>;
        guide_media_bytes(media: MediaId, from: u64, to: u64) -> Vec<u8>;
        note_guide_sight(sight: &GuideSight) -> ();
        guide_health(guide: GuideId, revision: u32, since: Timestamp) -> GuideHealth;
        guide_counts(from: Timestamp, to: Timestamp) -> Vec<MinuteCount>;
        installation_secret() -> [u8; 32];
        pressure() -> DiskPressure;
        prune(now: Timestamp, retention: Retention) -> Pruned;
        wipe() -> ();
    }
}
