//! The [`Store`] of any database that the shared statements run on.
//!
//! tidy: long because it is one flat list, a call a method.

use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};

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
    MasterKey, MinuteCount, MissedSearch, OfferOutcomes, OutboxClaim, PolicyRevision, Pruned,
    PublishedArticle, RejectedEvent, Retention, RolloutRevision, RolloutSaved, SkippedEvent,
    Source, Staff, StaffSession, Store, StoreError, TimelinePage, TimelineQuery, Totals, Upload,
    UploadLimits, Uploaded, WriteKey,
    keys::Keys,
    sql::{
        Backend, Claim, admin, articles, attachments, brands, calls, commit, comparison, customers,
        decisions, desk, guides, housekeeping, ledger, lexicon, log, outbox, rollouts,
    },
};

/// A store over one database.
pub(crate) struct SqlStore<B> {
    backend: B,
    keys: Keys,
    secret: [u8; 32],
    /// The epoch of this process's lease; zero without one.
    epoch: AtomicU64,
    /// Held by whoever makes or destroys keys, until memory says so too.
    turn: Mutex<()>,
}

impl<B: Backend> SqlStore<B> {
    /// Opens the keys of a migrated database.
    pub(crate) fn new(backend: B, master: &MasterKey) -> Result<Self, StoreError> {
        let keys = Keys::new(master);
        let secret = backend.write("open the installation's secret", |db| {
            housekeeping::secret(db, &keys)
        })?;
        Ok(Self {
            backend,
            keys,
            secret,
            epoch: AtomicU64::new(0),
            turn: Mutex::new(()),
        })
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn lease(&self, claim: Claim) -> Result<Epoch, StoreError> {
        self.backend.lease(claim)?;
        let epoch = self.backend.write("take the lease", |db| {
            db.execute("UPDATE progress SET epoch = epoch + 1 WHERE id = 1", &[])?;
            crate::sql::first(db, "SELECT epoch FROM progress WHERE id = 1", &[])?
                .map_or(Ok(0), |row| row.count(0))
        })?;
        self.epoch.store(epoch, Ordering::Release);
        Ok(Epoch(epoch))
    }
}

impl<B: Backend> Store for SqlStore<B> {
    fn kind(&self) -> &'static str {
        B::KIND
    }

    fn acquire_lease(&self, _now: Timestamp) -> Result<Epoch, StoreError> {
        self.lease(Claim::WhenFree)
    }

    fn seize_lease(&self, _now: Timestamp) -> Result<Epoch, StoreError> {
        self.lease(Claim::Always)
    }

    fn commit(&self, unit: &CommitUnit) -> Result<Committed, StoreError> {
        let epoch = match self.epoch.load(Ordering::Acquire) {
            0 => return Err(StoreError::Fenced),
            epoch => Epoch(epoch),
        };
        let _turn = self.turn();
        let after = self.backend.write("commit a unit", |db| {
            commit::write_unit(db, &self.keys, unit, epoch)
        })?;
        self.keys.remember(&after.made)?;
        for (folded, keys) in &after.folded {
            self.keys.forget(*folded, keys);
        }
        Ok(after.committed)
    }

    fn boot(&self) -> Result<Boot, StoreError> {
        self.backend.read("read where the log ends", log::boot)
    }

    fn read_log(&self, from: Seq, max_inputs: usize) -> Result<Vec<Input>, StoreError> {
        self.backend.read("read the log", |db| {
            log::read_log(db, &self.keys, from, max_inputs)
        })
    }

    fn message_keys_since(
        &self,
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<(Timestamp, u64)>, StoreError> {
        self.backend.read("read message keys", |db| {
            log::message_keys_since(db, at, max)
        })
    }

    fn customers(
        &self,
        customers: &[CustomerId],
    ) -> Result<Vec<Option<CustomerState>>, StoreError> {
        self.backend.read("read customers", |db| {
            customers::customers(db, &self.keys, customers)
        })
    }

    fn resolve(&self, keys: &[LinkKey]) -> Result<Vec<Option<CustomerId>>, StoreError> {
        self.backend
            .read("resolve identifiers", |db| customers::resolve(db, keys))
    }

    fn survivor(&self, customer: CustomerId) -> Result<CustomerId, StoreError> {
        self.backend
            .read("follow merges", |db| customers::survivor(db, customer))
    }

    fn links_of(&self, customer: CustomerId) -> Result<Vec<IdentityLink>, StoreError> {
        self.backend.read("read identifiers", |db| {
            customers::links_of(db, &self.keys, customer)
        })
    }

    fn traits_of(&self, customer: CustomerId) -> Result<Vec<(String, Private)>, StoreError> {
        self.backend.read("read traits", |db| {
            customers::traits_of(db, &self.keys, customer)
        })
    }

    fn labels(&self, customers: &[CustomerId]) -> Result<Vec<Option<Private>>, StoreError> {
        self.backend.read("read names", |db| {
            customers::labels(db, &self.keys, customers)
        })
    }

    fn customer_list(
        &self,
        by: CustomersBy,
        limit: u32,
    ) -> Result<Vec<CustomerSummary>, StoreError> {
        self.backend.read("list customers", |db| {
            customers::customer_list(db, by, limit)
        })
    }

    fn erase(&self, customer: CustomerId, _at: Timestamp) -> Result<Erased, StoreError> {
        let _turn = self.turn();
        let (erased, keys) = self
            .backend
            .write("erase a customer", |db| customers::erase(db, customer))?;
        self.keys.forget(customer, &keys);
        Ok(erased)
    }

    fn timeline(&self, query: &TimelineQuery) -> Result<TimelinePage, StoreError> {
        self.backend.read("read a timeline", |db| {
            desk::timeline(db, &self.keys, query)
        })
    }

    fn conversation(
        &self,
        conversation: InteractionId,
    ) -> Result<Option<ConversationRow>, StoreError> {
        self.backend.read("read a conversation", |db| {
            desk::conversation(db, &self.keys, conversation)
        })
    }

    fn conversations(
        &self,
        of: ConversationsOf,
        limit: u32,
    ) -> Result<Vec<ConversationRow>, StoreError> {
        self.backend.read("list conversations", |db| {
            desk::conversations(db, &self.keys, of, limit)
        })
    }

    fn requests(&self) -> Result<Vec<(RequestId, RequestState)>, StoreError> {
        self.backend.read("list requests", desk::requests)
    }

    fn agents(&self) -> Result<Vec<(AgentId, AgentState)>, StoreError> {
        self.backend.read("list agents", desk::agents)
    }

    fn decisions(&self, query: &DecisionQuery) -> Result<Vec<DecisionRecord>, StoreError> {
        self.backend
            .read("list decisions", |db| decisions::decisions(db, query))
    }

    fn decision_counts(&self, filter: &DecisionFilter) -> Result<DecisionCounts, StoreError> {
        self.backend.read("count decisions", |db| {
            decisions::decision_counts(db, filter)
        })
    }

    fn decision(&self, decision: DecisionId) -> Result<Option<DecisionRecord>, StoreError> {
        self.backend
            .read("read a decision", |db| decisions::decision(db, decision))
    }

    fn minute_counts(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<MinuteCount>, StoreError> {
        self.backend
            .read("read counts", |db| desk::minute_counts(db, from, to))
    }

    fn grant(&self, grant: GrantId) -> Result<Option<GrantRow>, StoreError> {
        self.backend
            .read("read a grant", |db| desk::grant(db, grant))
    }

    fn grants_of(&self, customer: CustomerId) -> Result<Vec<GrantRow>, StoreError> {
        self.backend
            .read("list grants", |db| desk::grants_of(db, customer))
    }

    fn grants(&self, cursor: Option<GrantId>, limit: u32) -> Result<Vec<GrantRow>, StoreError> {
        self.backend
            .read("list grants", |db| desk::grants(db, cursor, limit))
    }

    fn ledger(&self, of: LedgerOf, limit: u32) -> Result<Vec<LedgerRow>, StoreError> {
        self.backend
            .read("read the ledger", |db| ledger::ledger(db, of, limit))
    }

    fn verify_ledger(&self) -> Result<LedgerReport, StoreError> {
        self.backend
            .read("check the ledger", |db| ledger::verify(db, &self.keys))
    }

    fn skipped(&self, limit: u32) -> Result<Vec<SkippedEvent>, StoreError> {
        self.backend
            .read("list skipped inputs", |db| desk::skipped(db, limit))
    }

    fn totals(&self) -> Result<Totals, StoreError> {
        self.backend
            .read("count rows", |db| housekeeping::totals(db, &self.keys))
    }

    fn claim_outbox(
        &self,
        epoch: Epoch,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<OutboxClaim>, StoreError> {
        self.backend.write("claim deliveries", |db| {
            outbox::claim(db, &self.keys, epoch, limit, now)
        })
    }

    fn complete_outbox(&self, epoch: Epoch, delivery: DeliveryId) -> Result<(), StoreError> {
        self.backend.write("complete a delivery", |db| {
            outbox::complete(db, epoch, delivery)
        })
    }

    fn fail_outbox(
        &self,
        epoch: Epoch,
        delivery: DeliveryId,
        next_try: Timestamp,
    ) -> Result<(), StoreError> {
        self.backend.write("put a delivery off", |db| {
            outbox::fail(db, epoch, delivery, next_try)
        })
    }

    fn add_alert(&self, alert: &Alert) -> Result<(), StoreError> {
        self.backend
            .write("add an alert", |db| desk::add_alert(db, alert))
    }

    fn open_alerts(&self, limit: u32) -> Result<Vec<Alert>, StoreError> {
        self.backend
            .read("list alerts", |db| desk::open_alerts(db, limit))
    }

    fn finish_alert(
        &self,
        alert: DeliveryId,
        by: AgentId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.backend.write("put an alert away", |db| {
            desk::finish_alert(db, alert, by, at)
        })
    }

    fn calls(
        &self,
        of: CallsOf,
        before: Option<InteractionId>,
        limit: u32,
    ) -> Result<Vec<CallEntry>, StoreError> {
        self.backend.read("list calls", |db| {
            calls::calls(db, &self.keys, of, before, limit)
        })
    }

    fn call(&self, call: InteractionId) -> Result<Option<CallEntry>, StoreError> {
        self.backend
            .read("read a call", |db| calls::call(db, &self.keys, call))
    }

    fn put_call_part(
        &self,
        call: InteractionId,
        kind: CallPartKind,
        place: u32,
        bytes: &[u8],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let _turn = self.turn();
        let made = self.backend.write("keep a part of a call", |db| {
            calls::put_part(db, &self.keys, (call, kind, place), bytes, at)
        })?;
        self.keys.remember(&made)?;
        Ok(())
    }

    fn call_parts(
        &self,
        call: InteractionId,
        kind: CallPartKind,
        places: std::ops::Range<u32>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.backend.read("read parts of a call", |db| {
            calls::parts(db, &self.keys, call, kind, (places.start, places.end))
        })
    }

    fn forget_call_audio(&self, call: InteractionId) -> Result<bool, StoreError> {
        let parts = self
            .backend
            .write("forget a call's audio", |db| calls::forget_audio(db, call))?;
        Ok(parts > 0)
    }

    fn forget_old_call_audio(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let some = self.backend.write("forget old audio", |db| {
                calls::forget_old_audio(db, before, housekeeping::PRUNE_ROWS)
            })?;
            all += some;
            if some == 0 {
                return Ok(all);
            }
        }
    }

    fn add_attachment(
        &self,
        upload: &Upload,
        bytes: &[u8],
        limits: UploadLimits,
    ) -> Result<Uploaded, StoreError> {
        let _turn = self.turn();
        let (uploaded, made) = self.backend.write("store a file", |db| {
            attachments::add(db, &self.keys, upload, bytes, limits)
        })?;
        self.keys.remember(&made)?;
        Ok(uploaded)
    }

    fn attachments(&self, attachments: &[AttachmentId]) -> Result<Vec<Upload>, StoreError> {
        self.backend.read("list files", |db| {
            attachments::attachments(db, &self.keys, attachments)
        })
    }

    fn attachment_bytes(&self, attachment: AttachmentId) -> Result<Option<Vec<u8>>, StoreError> {
        self.backend.read("read a file", |db| {
            attachments::bytes(db, &self.keys, attachment)
        })
    }

    fn keep_attachments(
        &self,
        attachments: &[AttachmentId],
        conversation: InteractionId,
    ) -> Result<(), StoreError> {
        self.backend.write("keep files", |db| {
            attachments::keep(db, attachments, conversation)
        })
    }

    fn forget_unsent_attachments(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let some = self.backend.write("forget unsent files", |db| {
                attachments::forget_unsent(db, before, housekeeping::PRUNE_ROWS)
            })?;
            all += some;
            if some == 0 {
                return Ok(all);
            }
        }
    }

    fn put_staff(&self, staff: &Staff) -> Result<(), StoreError> {
        self.backend
            .write("write a member of staff", |db| admin::put_staff(db, staff))
    }

    fn staff(&self, agent: AgentId) -> Result<Option<Staff>, StoreError> {
        self.backend
            .read("read a member of staff", |db| admin::staff(db, agent))
    }

    fn staff_by_email(&self, email: &str) -> Result<Option<Staff>, StoreError> {
        self.backend.read("read a member of staff", |db| {
            admin::staff_by_email(db, email)
        })
    }

    fn staff_list(&self) -> Result<Vec<Staff>, StoreError> {
        self.backend.read("list staff", admin::staff_list)
    }

    fn add_session(&self, session: &StaffSession) -> Result<(), StoreError> {
        self.backend
            .write("add a session", |db| admin::add_session(db, session))
    }

    fn session(&self, token_hash: &[u8; 32]) -> Result<Option<StaffSession>, StoreError> {
        self.backend
            .read("read a session", |db| admin::session(db, token_hash))
    }

    fn end_session(&self, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        self.backend
            .write("end a session", |db| admin::end_session(db, token_hash))
    }

    fn end_sessions_of(&self, agent: AgentId) -> Result<(), StoreError> {
        self.backend
            .write("end sessions", |db| admin::end_sessions_of(db, agent))
    }

    fn put_source(&self, source: &Source) -> Result<(), StoreError> {
        self.backend.write("write a source", |db| {
            admin::put_source(db, &self.keys, source)
        })
    }

    fn sources(&self) -> Result<Vec<Source>, StoreError> {
        self.backend
            .read("list sources", |db| admin::sources(db, &self.keys))
    }

    fn add_write_key(&self, source: SourceId, key: &WriteKey) -> Result<(), StoreError> {
        self.backend.write("add a write key", |db| {
            admin::add_write_key(db, source, key)
        })
    }

    fn revoke_write_key(
        &self,
        source: SourceId,
        key: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.backend.write("revoke a write key", |db| {
            admin::revoke_write_key(db, source, key, at)
        })
    }

    fn put_brand(&self, brand: &Brand) -> Result<(), StoreError> {
        self.backend
            .write("save a brand", |db| brands::put_brand(db, brand))
    }

    fn brands(&self) -> Result<Vec<Brand>, StoreError> {
        self.backend.read("read brands", brands::brands)
    }

    fn remove_brand(&self, brand: BrandId) -> Result<bool, StoreError> {
        self.backend
            .write("remove a brand", |db| brands::remove_brand(db, brand))
    }

    fn add_token(&self, token: &ApiToken) -> Result<(), StoreError> {
        self.backend
            .write("add a token", |db| admin::add_token(db, token))
    }

    fn tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        self.backend.read("list tokens", admin::tokens)
    }

    fn remove_token(&self, token: TokenId) -> Result<bool, StoreError> {
        self.backend
            .write("remove a token", |db| admin::remove_token(db, token))
    }

    fn add_policy(&self, policy: &PolicyRevision) -> Result<(), StoreError> {
        self.backend
            .write("add a policy", |db| admin::add_policy(db, policy))
    }

    fn newest_policy(&self) -> Result<Option<PolicyRevision>, StoreError> {
        self.backend.read("read the policy", admin::newest_policy)
    }

    fn policy(&self, revision: u32) -> Result<Option<PolicyRevision>, StoreError> {
        self.backend
            .read("read a policy", |db| admin::policy(db, revision))
    }

    fn policies(&self, limit: u32) -> Result<Vec<PolicyRevision>, StoreError> {
        self.backend
            .read("list policies", |db| admin::policies(db, limit))
    }

    fn add_lexicon(&self, lexicon: &LexiconRevision) -> Result<(), StoreError> {
        self.backend
            .write("add a lexicon", |db| lexicon::add(db, lexicon))
    }

    fn newest_lexicon(&self) -> Result<Option<LexiconRevision>, StoreError> {
        self.backend.read("read the lexicon", lexicon::newest)
    }

    fn lexicon(&self, revision: u32) -> Result<Option<LexiconRevision>, StoreError> {
        self.backend
            .read("read a lexicon", |db| lexicon::get(db, revision))
    }

    fn lexicons(&self, limit: u32) -> Result<Vec<LexiconSaved>, StoreError> {
        self.backend
            .read("list lexicons", |db| lexicon::list(db, limit))
    }

    fn add_rollouts(
        &self,
        made: &RolloutRevision,
        alerts: &[OutboxItem],
    ) -> Result<(), StoreError> {
        let keys = &self.keys;
        self.backend
            .write("add rollouts", |db| rollouts::add(db, keys, made, alerts))
    }

    fn newest_rollouts(&self) -> Result<Option<RolloutRevision>, StoreError> {
        self.backend
            .read("read the rollouts", |db| rollouts::newest(db, &self.keys))
    }

    fn rollouts(&self, revision: u32) -> Result<Option<RolloutRevision>, StoreError> {
        self.backend.read("read rollouts", |db| {
            rollouts::get(db, &self.keys, revision)
        })
    }

    fn rollouts_list(&self, limit: u32) -> Result<Vec<RolloutSaved>, StoreError> {
        self.backend
            .read("list rollouts", |db| rollouts::list(db, limit))
    }

    fn comparison(
        &self,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
        most: u32,
    ) -> Result<Comparison, StoreError> {
        self.backend.read("compare offers", |db| {
            comparison::compare(db, from, to, now, most)
        })
    }

    fn offer_outcomes(
        &self,
        rules: &[(String, Timestamp)],
    ) -> Result<Vec<OfferOutcomes>, StoreError> {
        self.backend.read("read how offers were taken", |db| {
            let all = rules
                .iter()
                .map(|(rule, since)| comparison::outcomes(db, rule, *since));
            Ok(all
                .collect::<Result<Vec<_>, _>>()?
                .into_iter()
                .flatten()
                .collect())
        })
    }

    fn change_articles(&self, changes: &[ArticleChange]) -> Result<(), StoreError> {
        self.backend
            .write("change articles", |db| articles::change(db, changes))
    }

    fn articles(&self) -> Result<Vec<Article>, StoreError> {
        self.backend.read("list articles", articles::all)
    }

    fn article(&self, faq: FaqId) -> Result<Option<Article>, StoreError> {
        self.backend
            .read("read an article", |db| articles::one(db, faq))
    }

    fn published_articles(&self) -> Result<Vec<PublishedArticle>, StoreError> {
        self.backend
            .read("read published articles", articles::published)
    }

    fn article_locales(&self, faq: Option<FaqId>) -> Result<Vec<ArticleLocale>, StoreError> {
        self.backend
            .read("list articles' languages", |db| articles::locales(db, faq))
    }

    fn newest_article_texts(&self) -> Result<Vec<ArticleText>, StoreError> {
        self.backend
            .read("read articles' newest texts", articles::newest_texts)
    }

    fn article_texts(&self, faq: FaqId, locale: &str) -> Result<Vec<ArticleText>, StoreError> {
        self.backend.read("read an article's versions", |db| {
            articles::texts(db, faq, locale)
        })
    }

    fn article_counts(&self) -> Result<Vec<ArticleCounts>, StoreError> {
        self.backend.read("read articles' counts", articles::counts)
    }

    fn labelled_texts(
        &self,
        kind: LabelKind,
        after: Option<(CustomerId, u64)>,
        limit: u32,
    ) -> Result<Vec<LabelRow>, StoreError> {
        self.backend.read("read labels", |db| {
            customers::labelled_texts(db, &self.keys, kind, after, limit)
        })
    }

    fn missed_searches(&self, limit: u32) -> Result<Vec<MissedSearch>, StoreError> {
        self.backend.read("read searches without result", |db| {
            articles::missed_searches(db, &self.keys, limit)
        })
    }

    fn add_rejected(&self, events: &[RejectedEvent]) -> Result<(), StoreError> {
        self.backend
            .write("list refused events", |db| admin::add_rejected(db, events))
    }

    fn rejected(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, RejectedEvent)>, StoreError> {
        self.backend.read("read refused events", |db| {
            admin::rejected(db, before, limit)
        })
    }

    fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.backend
            .read("read a setting", |db| admin::setting(db, key))
    }

    fn set_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.backend
            .write("write a setting", |db| admin::set_setting(db, key, value))
    }

    fn put_guide(&self, guide: &Guide) -> Result<(), StoreError> {
        self.backend
            .write("write a guide", |db| guides::put_guide(db, guide))
    }

    fn guides(&self) -> Result<Vec<Guide>, StoreError> {
        self.backend.read("list guides", guides::guides)
    }

    fn guide(&self, guide: GuideId) -> Result<Option<Guide>, StoreError> {
        self.backend
            .read("read a guide", |db| guides::guide(db, guide))
    }

    fn publish_guide(
        &self,
        guide: &Guide,
        revision: Option<&GuideRevision>,
        set: &GuideSet,
    ) -> Result<(), StoreError> {
        self.backend.write("publish a guide", |db| {
            guides::publish(db, guide, revision, set)
        })
    }

    fn add_guide_set(&self, set: &GuideSet) -> Result<(), StoreError> {
        self.backend
            .write("write the live guides", |db| guides::add_set(db, set))
    }

    fn guide_revision(
        &self,
        guide: GuideId,
        revision: u32,
    ) -> Result<Option<GuideRevision>, StoreError> {
        self.backend.read("read a guide's revision", |db| {
            guides::revision(db, guide, revision)
        })
    }

    fn guide_revisions(
        &self,
        guide: GuideId,
        limit: u32,
    ) -> Result<Vec<GuideRevision>, StoreError> {
        self.backend.read("list a guide's revisions", |db| {
            guides::revisions(db, guide, limit)
        })
    }

    fn newest_guide_set(&self) -> Result<Option<GuideSet>, StoreError> {
        self.backend
            .read("read the live guides", guides::newest_set)
    }

    fn guide_set(&self, revision: u32) -> Result<Option<GuideSet>, StoreError> {
        self.backend
            .read("read live guides", |db| guides::set(db, revision))
    }

    fn put_guide_media(&self, media: &GuideMedia, data: &[u8]) -> Result<(), StoreError> {
        self.backend
            .write("write a file", |db| guides::put_media(db, media, data))
    }

    fn remove_guide_media(&self, media: MediaId) -> Result<(), StoreError> {
        self.backend
            .write("remove a file", |db| guides::remove_media(db, media))
    }

    fn guide_media(&self, media: MediaId) -> Result<Option<GuideMedia>, StoreError> {
        self.backend
            .read("read of a file", |db| guides::media(db, media))
    }

    fn guide_media_of(&self, guide: GuideId) -> Result<Vec<GuideMedia>, StoreError> {
        self.backend
            .read("list files", |db| guides::media_of(db, guide))
    }

    fn guide_media_bytes(&self, media: MediaId, from: u64, to: u64) -> Result<Vec<u8>, StoreError> {
        self.backend
            .read("read a file", |db| guides::media_bytes(db, media, from, to))
    }

    fn note_guide_sight(&self, sight: &GuideSight) -> Result<(), StoreError> {
        self.backend
            .write("note a guide's sight", |db| guides::note_sight(db, sight))
    }

    fn guide_health(
        &self,
        guide: GuideId,
        revision: u32,
        since: Timestamp,
    ) -> Result<GuideHealth, StoreError> {
        self.backend.read("read a guide's health", |db| {
            guides::health(db, guide, revision, since)
        })
    }

    fn guide_counts(&self, from: Timestamp, to: Timestamp) -> Result<Vec<MinuteCount>, StoreError> {
        self.backend
            .read("sum up counts", |db| guides::counts(db, from, to))
    }

    fn installation_secret(&self) -> Result<[u8; 32], StoreError> {
        Ok(self.secret)
    }

    fn pressure(&self) -> Result<DiskPressure, StoreError> {
        self.backend.pressure()
    }

    fn prune(&self, now: Timestamp, retention: Retention) -> Result<Pruned, StoreError> {
        let mut all = Pruned::default();
        loop {
            let step = self.backend.write("forget old rows", |db| {
                housekeeping::prune_step(db, now, retention)
            })?;
            all.log_rows += step.log_rows;
            all.timeline_rows += step.timeline_rows;
            if step == Pruned::default() {
                break;
            }
        }
        if all != Pruned::default() {
            self.backend.give_back_space()?;
        }
        Ok(all)
    }

    fn wipe(&self) -> Result<(), StoreError> {
        let _turn = self.turn();
        self.backend
            .write("forget every customer", housekeeping::wipe)?;
        self.keys.forget_all();
        self.backend.give_back_space()
    }
}
