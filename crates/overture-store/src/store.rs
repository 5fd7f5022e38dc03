//! What a store can do.

use overture_engine::model::{
    AgentId, AgentState, AttachmentId, BrandId, ConversationRow, CustomerId, CustomerState,
    DecisionId, DecisionRecord, DeliveryId, FaqId, GrantId, GuideId, IdentityLink, Input,
    InteractionId, LinkKey, MediaId, OutboxItem, Private, RequestId, RequestState, Seq, SourceId,
    Timestamp, TokenId,
};

use crate::{
    Alert, ApiToken, Article, ArticleChange, ArticleCounts, ArticleLocale, ArticleText, Boot,
    Brand, CallEntry, CallPartKind, CallsOf, CommitUnit, Committed, Comparison, ConversationsOf,
    CustomerSummary, CustomersBy, DecisionCounts, DecisionFilter, DecisionQuery, DiskPressure,
    Epoch, Erased, GrantRow, Guide, GuideHealth, GuideMedia, GuideRevision, GuideSet, GuideSight,
    LabelKind, LabelRow, LedgerOf, LedgerReport, LedgerRow, LexiconRevision, LexiconSaved,
    MinuteCount, MissedSearch, OfferOutcomes, OutboxClaim, PolicyRevision, Pruned,
    PublishedArticle, RejectedEvent, Retention, RolloutRevision, RolloutSaved, SkippedEvent,
    Source, Staff, StaffSession, StoreError, TimelinePage, TimelineQuery, Totals, Upload,
    UploadLimits, Uploaded, WriteKey,
};

/// A durable home for everything. Every method blocks, is safe from any thread that may
/// block, and either does all of what it says or, with an error, nothing.
///
/// Reading never waits for a commit that is under way and sees the last finished one.
pub trait Store: Send + Sync {
    /// `sqlite` or `postgresql`.
    fn kind(&self) -> &'static str;

    // --- one writer ------------------------------------------------------------------

    /// Becomes the one writer. The lease ends with the process.
    ///
    /// # Errors
    /// [`StoreError::LeaseHeld`] while another writer lives.
    fn acquire_lease(&self, now: Timestamp) -> Result<Epoch, StoreError>;

    /// Becomes the one writer although another may live: for an operator who knows that
    /// it is gone or cut off. The other one is fenced at its next commit.
    fn seize_lease(&self, now: Timestamp) -> Result<Epoch, StoreError>;

    // --- the commit unit and recovery ------------------------------------------------

    /// Makes one unit durable, in one transaction. Needs the lease.
    ///
    /// # Errors
    /// [`StoreError::Full`] without space, [`StoreError::Fenced`] without the lease or
    /// when a newer writer exists, [`StoreError::Conflict`] when the first input does not
    /// follow the last durable one.
    fn commit(&self, unit: &CommitUnit) -> Result<Committed, StoreError>;

    /// What a start needs before it replays.
    fn boot(&self) -> Result<Boot, StoreError>;

    /// Logged inputs from `from` on, in order, whole packed rows at a time, at least
    /// `max_inputs` of them or all that are left; empty at the end of the log.
    fn read_log(&self, from: Seq, max_inputs: usize) -> Result<Vec<Input>, StoreError>;

    /// The message keys of inputs received at or after `at`, the newest `max` of them,
    /// with when each was received, oldest first.
    fn message_keys_since(
        &self,
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<(Timestamp, u64)>, StoreError>;

    // --- customers, in batches -------------------------------------------------------

    /// The written-behind states, in the order asked for; `None` where there is no row.
    fn customers(&self, customers: &[CustomerId])
    -> Result<Vec<Option<CustomerState>>, StoreError>;

    /// Whom each identifier points to, in the order asked for.
    fn resolve(&self, keys: &[LinkKey]) -> Result<Vec<Option<CustomerId>>, StoreError>;

    /// The customer that this one was folded into, however often; itself if it was not.
    fn survivor(&self, customer: CustomerId) -> Result<CustomerId, StoreError>;

    /// The identifiers that point to a customer, oldest first.
    fn links_of(&self, customer: CustomerId) -> Result<Vec<IdentityLink>, StoreError>;

    /// What is known of a customer, by name.
    fn traits_of(&self, customer: CustomerId) -> Result<Vec<(String, Private)>, StoreError>;

    /// What to call each customer: the trait `name`, else an e-mail address, user id or
    /// phone number; `None` for the anonymous.
    fn labels(&self, customers: &[CustomerId]) -> Result<Vec<Option<Private>>, StoreError>;

    /// Customers for a list.
    fn customer_list(
        &self,
        by: CustomersBy,
        limit: u32,
    ) -> Result<Vec<CustomerSummary>, StoreError>;

    /// Destroys the customer's keys, links and traits, so that nothing sealed for them or
    /// for customers folded into them can be read again.
    fn erase(&self, customer: CustomerId, at: Timestamp) -> Result<Erased, StoreError>;

    // --- reading for people ----------------------------------------------------------

    /// A stretch of a timeline. A folded customer's rows are under its survivor.
    fn timeline(&self, query: &TimelineQuery) -> Result<TimelinePage, StoreError>;

    /// One conversation.
    fn conversation(
        &self,
        conversation: InteractionId,
    ) -> Result<Option<ConversationRow>, StoreError>;

    /// Conversations, the one with the latest message first.
    fn conversations(
        &self,
        of: ConversationsOf,
        limit: u32,
    ) -> Result<Vec<ConversationRow>, StoreError>;

    /// Every open request (waiting, reserved or assigned), longest waiting first.
    fn requests(&self) -> Result<Vec<(RequestId, RequestState)>, StoreError>;

    /// Every agent as routing sees them.
    fn agents(&self) -> Result<Vec<(AgentId, AgentState)>, StoreError>;

    /// A page of decisions, newest first.
    fn decisions(&self, query: &DecisionQuery) -> Result<Vec<DecisionRecord>, StoreError>;

    /// Counts over all decisions that fit.
    fn decision_counts(&self, filter: &DecisionFilter) -> Result<DecisionCounts, StoreError>;

    /// One decision with its trace.
    fn decision(&self, decision: DecisionId) -> Result<Option<DecisionRecord>, StoreError>;

    /// What was only counted, in minutes from `from` up to and without `to`.
    fn minute_counts(&self, from: Timestamp, to: Timestamp)
    -> Result<Vec<MinuteCount>, StoreError>;

    /// One grant.
    fn grant(&self, grant: GrantId) -> Result<Option<GrantRow>, StoreError>;

    /// A customer's grants, newest first.
    fn grants_of(&self, customer: CustomerId) -> Result<Vec<GrantRow>, StoreError>;

    /// A page of everybody's grants, newest first: those issued before `cursor`, at most `limit`.
    fn grants(&self, cursor: Option<GrantId>, limit: u32) -> Result<Vec<GrantRow>, StoreError>;

    /// Ledger rows, oldest first, at most `limit`.
    fn ledger(&self, of: LedgerOf, limit: u32) -> Result<Vec<LedgerRow>, StoreError>;

    /// Checks every hash of the ledger and the signed ends of its chains.
    fn verify_ledger(&self) -> Result<LedgerReport, StoreError>;

    /// Inputs that were left out, newest first.
    fn skipped(&self, limit: u32) -> Result<Vec<SkippedEvent>, StoreError>;

    /// Numbers for a status page.
    fn totals(&self) -> Result<Totals, StoreError>;

    // --- outbox and alerts -----------------------------------------------------------

    /// Claims up to `limit` deliveries that are due, oldest first. A claim of this epoch
    /// is not given again until it is completed or failed; one of an older epoch is.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when `epoch` is not the newest.
    fn claim_outbox(
        &self,
        epoch: Epoch,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<OutboxClaim>, StoreError>;

    /// The delivery arrived: it is never claimed again.
    fn complete_outbox(&self, epoch: Epoch, delivery: DeliveryId) -> Result<(), StoreError>;

    /// The delivery failed: it may be claimed again from `next_try` on.
    fn fail_outbox(
        &self,
        epoch: Epoch,
        delivery: DeliveryId,
        next_try: Timestamp,
    ) -> Result<(), StoreError>;

    /// Puts a line into the alert lane; the same one again changes nothing.
    fn add_alert(&self, alert: &Alert) -> Result<(), StoreError>;

    /// Alerts that are not done, newest first.
    fn open_alerts(&self, limit: u32) -> Result<Vec<Alert>, StoreError>;

    /// Puts an alert away. `false` when there is no such open alert.
    fn finish_alert(
        &self,
        alert: DeliveryId,
        by: AgentId,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    // --- calls -----------------------------------------------------------------------

    /// Calls, the newest first, those before `before` where it is given.
    fn calls(
        &self,
        of: CallsOf,
        before: Option<InteractionId>,
        limit: u32,
    ) -> Result<Vec<CallEntry>, StoreError>;

    /// One call.
    fn call(&self, call: InteractionId) -> Result<Option<CallEntry>, StoreError>;

    /// Keeps a part of a call, sealed with its customer's key; the same place again replaces it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such call.
    fn put_call_part(
        &self,
        call: InteractionId,
        kind: CallPartKind,
        place: u32,
        bytes: &[u8],
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// The parts at these places, one after another; `None` when there are none, or they were erased with their customer.
    fn call_parts(
        &self,
        call: InteractionId,
        kind: CallPartKind,
        places: std::ops::Range<u32>,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Forgets the audio of one call; `false` when none was kept.
    fn forget_call_audio(&self, call: InteractionId) -> Result<bool, StoreError>;

    /// Forgets audio kept since before `before`; returns how many parts.
    fn forget_old_call_audio(&self, before: Timestamp) -> Result<u64, StoreError>;

    // --- attachments -----------------------------------------------------------------

    /// Stores a file, sealed with its customer's key, unless a limit stands against it.
    fn add_attachment(
        &self,
        upload: &Upload,
        bytes: &[u8],
        limits: UploadLimits,
    ) -> Result<Uploaded, StoreError>;

    /// The files that exist among these, in the order asked for.
    fn attachments(&self, attachments: &[AttachmentId]) -> Result<Vec<Upload>, StoreError>;

    /// The bytes of a file; `None` when it is gone, or erased with its customer.
    fn attachment_bytes(&self, attachment: AttachmentId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps files that a message of `conversation` is about to carry; they are of that one
    /// from then on, whichever they were uploaded for.
    fn keep_attachments(
        &self,
        attachments: &[AttachmentId],
        conversation: InteractionId,
    ) -> Result<(), StoreError>;

    /// Forgets files uploaded before `before` that no message came to carry; returns how many.
    fn forget_unsent_attachments(&self, before: Timestamp) -> Result<u64, StoreError>;

    // --- staff and sessions ----------------------------------------------------------

    /// Adds or replaces a member of staff.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else has the e-mail address.
    fn put_staff(&self, staff: &Staff) -> Result<(), StoreError>;

    /// One member of staff.
    fn staff(&self, agent: AgentId) -> Result<Option<Staff>, StoreError>;

    /// The member of staff with this lower-cased e-mail address.
    fn staff_by_email(&self, email: &str) -> Result<Option<Staff>, StoreError>;

    /// All staff, by name.
    fn staff_list(&self) -> Result<Vec<Staff>, StoreError>;

    /// Adds a signed-in browser, and forgets sessions that ended before it began.
    fn add_session(&self, session: &StaffSession) -> Result<(), StoreError>;

    /// The session with this token hash, ended or not.
    fn session(&self, token_hash: &[u8; 32]) -> Result<Option<StaffSession>, StoreError>;

    /// Signs one browser out.
    fn end_session(&self, token_hash: &[u8; 32]) -> Result<(), StoreError>;

    /// Signs a member of staff out everywhere.
    fn end_sessions_of(&self, agent: AgentId) -> Result<(), StoreError>;

    // --- the knowledge base ----------------------------------------------------------

    /// Makes all of these changes, in order, or none.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a slug is taken, a revision is not the current one or a
    /// version does not follow the newest; [`StoreError::Missing`] when there is no such
    /// article or version.
    fn change_articles(&self, changes: &[ArticleChange]) -> Result<(), StoreError>;

    /// All articles, by place and slug.
    fn articles(&self) -> Result<Vec<Article>, StoreError>;

    /// One article.
    fn article(&self, faq: FaqId) -> Result<Option<Article>, StoreError>;

    /// What customers see, by place and slug.
    fn published_articles(&self) -> Result<Vec<PublishedArticle>, StoreError>;

    /// How articles stand in their languages: of one article or, without one, of all.
    fn article_locales(&self, faq: Option<FaqId>) -> Result<Vec<ArticleLocale>, StoreError>;

    /// The newest text of every article in every language.
    fn newest_article_texts(&self) -> Result<Vec<ArticleText>, StoreError>;

    /// The kept versions of one article's text in one language, newest first.
    fn article_texts(&self, faq: FaqId, locale: &str) -> Result<Vec<ArticleText>, StoreError>;

    /// What came of every text.
    fn article_counts(&self) -> Result<Vec<ArticleCounts>, StoreError>;

    /// What staff labelled in one way, in the order of customers and of their messages: at most `limit` rows after `after`.
    fn labelled_texts(
        &self,
        kind: LabelKind,
        after: Option<(CustomerId, u64)>,
        limit: u32,
    ) -> Result<Vec<LabelRow>, StoreError>;

    /// The last searches that found nothing, newest first.
    fn missed_searches(&self, limit: u32) -> Result<Vec<MissedSearch>, StoreError>;

    // --- sources, tokens, policies, settings -----------------------------------------

    /// Adds or replaces a source's own fields; its write keys stay.
    fn put_source(&self, source: &Source) -> Result<(), StoreError>;

    /// All sources with their keys and counters, oldest first.
    fn sources(&self) -> Result<Vec<Source>, StoreError>;

    /// Adds a write key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the key exists.
    fn add_write_key(&self, source: SourceId, key: &WriteKey) -> Result<(), StoreError>;

    /// Revokes a write key. `false` when there is no such unrevoked key.
    fn revoke_write_key(
        &self,
        source: SourceId,
        key: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Adds or replaces a brand.
    fn put_brand(&self, brand: &Brand) -> Result<(), StoreError>;

    /// All brands, the default one first, then by name. The default one is there before
    /// anybody saved it.
    fn brands(&self) -> Result<Vec<Brand>, StoreError>;

    /// Removes a brand. `false` when there is none.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] while a source uses it.
    fn remove_brand(&self, brand: BrandId) -> Result<bool, StoreError>;

    /// Adds a token for programs.
    fn add_token(&self, token: &ApiToken) -> Result<(), StoreError>;

    /// All tokens, oldest first.
    fn tokens(&self) -> Result<Vec<ApiToken>, StoreError>;

    /// Removes a token. `false` when there is none.
    fn remove_token(&self, token: TokenId) -> Result<bool, StoreError>;

    /// Adds the next policy revision.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] unless its number is one above the newest.
    fn add_policy(&self, policy: &PolicyRevision) -> Result<(), StoreError>;

    /// The newest policy revision.
    fn newest_policy(&self) -> Result<Option<PolicyRevision>, StoreError>;

    /// One policy revision.
    fn policy(&self, revision: u32) -> Result<Option<PolicyRevision>, StoreError>;

    /// Policy revisions, newest first.
    fn policies(&self, limit: u32) -> Result<Vec<PolicyRevision>, StoreError>;

    /// Adds the next revision of the domain lexicon.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] unless its number is one above the newest.
    fn add_lexicon(&self, lexicon: &LexiconRevision) -> Result<(), StoreError>;

    /// The newest revision of the domain lexicon.
    fn newest_lexicon(&self) -> Result<Option<LexiconRevision>, StoreError>;

    /// One revision of the domain lexicon.
    fn lexicon(&self, revision: u32) -> Result<Option<LexiconRevision>, StoreError>;

    /// Revisions of the domain lexicon without their entries, newest first.
    fn lexicons(&self, limit: u32) -> Result<Vec<LexiconSaved>, StoreError>;

    /// Adds the next revision of the plan for going live, and what is to be sent because of it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] unless its number is one above the newest.
    fn add_rollouts(
        &self,
        rollouts: &RolloutRevision,
        alerts: &[OutboxItem],
    ) -> Result<(), StoreError>;

    /// The newest revision of the plan for going live.
    fn newest_rollouts(&self) -> Result<Option<RolloutRevision>, StoreError>;

    /// One revision of the plan for going live.
    fn rollouts(&self, revision: u32) -> Result<Option<RolloutRevision>, StoreError>;

    /// Revisions of the plan for going live without their plans, newest first.
    fn rollouts_list(&self, limit: u32) -> Result<Vec<RolloutSaved>, StoreError>;

    /// What rules would have done against what they did and what happened, over decisions and offers made from `from` on and
    /// before `to`, as known at `now`. At most the newest `most` decisions are read, and never more than
    /// [`crate::COMPARED_MAX`].
    fn comparison(
        &self,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
        most: u32,
    ) -> Result<Comparison, StoreError>;

    /// How the shown offers that a rule made since then were taken; of every rule named, in order.
    fn offer_outcomes(
        &self,
        rules: &[(String, Timestamp)],
    ) -> Result<Vec<OfferOutcomes>, StoreError>;

    /// Lists events that were refused; the newest [`crate::REJECTED_MAX`] are kept.
    fn add_rejected(&self, events: &[RejectedEvent]) -> Result<(), StoreError>;

    /// Refused events, newest first, below `before` if given, each with its number.
    fn rejected(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, RejectedEvent)>, StoreError>;

    /// A setting's text.
    fn setting(&self, key: &str) -> Result<Option<String>, StoreError>;

    /// Sets a setting.
    fn set_setting(&self, key: &str, value: &str) -> Result<(), StoreError>;

    // --- guides ----------------------------------------------------------------------

    /// Adds or replaces a guide with its draft.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a later draft was saved meanwhile.
    fn put_guide(&self, guide: &Guide) -> Result<(), StoreError>;

    /// All guides, oldest first.
    fn guides(&self) -> Result<Vec<Guide>, StoreError>;

    /// One guide.
    fn guide(&self, guide: GuideId) -> Result<Option<Guide>, StoreError>;

    /// In one transaction: the guide as it stands now, its next revision if there is one,
    /// and the next list of live guides.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] unless each number is one above the newest.
    fn publish_guide(
        &self,
        guide: &Guide,
        revision: Option<&GuideRevision>,
        set: &GuideSet,
    ) -> Result<(), StoreError>;

    /// Adds the next list of live guides.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] unless its number is one above the newest.
    fn add_guide_set(&self, set: &GuideSet) -> Result<(), StoreError>;

    /// One published revision.
    fn guide_revision(
        &self,
        guide: GuideId,
        revision: u32,
    ) -> Result<Option<GuideRevision>, StoreError>;

    /// A guide's revisions, newest first.
    fn guide_revisions(&self, guide: GuideId, limit: u32)
    -> Result<Vec<GuideRevision>, StoreError>;

    /// The newest list of live guides.
    fn newest_guide_set(&self) -> Result<Option<GuideSet>, StoreError>;

    /// One list of live guides.
    fn guide_set(&self, revision: u32) -> Result<Option<GuideSet>, StoreError>;

    /// Adds a file; its length is that of `data`.
    fn put_guide_media(&self, media: &GuideMedia, data: &[u8]) -> Result<(), StoreError>;

    /// Removes a file, if it is there.
    fn remove_guide_media(&self, media: MediaId) -> Result<(), StoreError>;

    /// What is known of a file.
    fn guide_media(&self, media: MediaId) -> Result<Option<GuideMedia>, StoreError>;

    /// A guide's files, oldest first.
    fn guide_media_of(&self, guide: GuideId) -> Result<Vec<GuideMedia>, StoreError>;

    /// A file's bytes from `from` up to and without `to`, as far as there are any.
    fn guide_media_bytes(&self, media: MediaId, from: u64, to: u64) -> Result<Vec<u8>, StoreError>;

    /// Notes whether a guide's elements were found for a visitor.
    fn note_guide_sight(&self, sight: &GuideSight) -> Result<(), StoreError>;

    /// How a revision's elements were found since a time.
    fn guide_health(
        &self,
        guide: GuideId,
        revision: u32,
        since: Timestamp,
    ) -> Result<GuideHealth, StoreError>;

    /// What was counted about guides in minutes from `from` up to and without `to`, summed
    /// up by rule and by what.
    fn guide_counts(&self, from: Timestamp, to: Timestamp) -> Result<Vec<MinuteCount>, StoreError>;

    // --- secrets, disk, housekeeping -------------------------------------------------

    /// The installation's own random secret; made when the database is.
    fn installation_secret(&self) -> Result<[u8; 32], StoreError>;

    /// How full the disk is.
    fn pressure(&self) -> Result<DiskPressure, StoreError>;

    /// Forgets what retention allows: log rows below the replay point, and timelines of
    /// customers who were never in contact. Works in small transactions.
    fn prune(&self, now: Timestamp, retention: Retention) -> Result<Pruned, StoreError>;

    /// Forgets every customer and everything that happened: for the demo. Staff, sources,
    /// policies, articles and settings stay, and sequence numbers go on counting. Whoever
    /// holds states in memory must drop them.
    fn wipe(&self) -> Result<(), StoreError>;
}
