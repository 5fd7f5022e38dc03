//! Values of every type that is recorded, each from one number.
//!
//! tidy: long because it is one flat list, a function a type.

use overture_engine::model::*;
use smallvec::SmallVec;
use uuid::Uuid;

/// Makes values; the same seed makes the same ones.
pub(super) struct Make(u64);

impl Make {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Often small, sometimes huge.
    pub(super) fn number(&mut self) -> u64 {
        match self.below(4) {
            0 => 0,
            1 => self.below(1_000),
            2 => self.next() >> 20,
            _ => self.next(),
        }
    }

    pub(super) fn small(&mut self) -> u32 {
        self.number() as u32
    }

    pub(super) fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    pub(super) fn float(&mut self) -> f64 {
        match self.below(5) {
            0 => 0.0,
            1 => -1.5,
            2 => f64::MIN_POSITIVE,
            3 => f64::INFINITY,
            _ => self.next() as f64 / 7.0,
        }
    }

    pub(super) fn single(&mut self) -> f32 {
        self.float() as f32
    }

    pub(super) fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| make(self))
    }

    pub(super) fn many<T, C: FromIterator<T>>(&mut self, make: impl Fn(&mut Self) -> T) -> C {
        let count = self.below(4);
        (0..count).map(|_| make(self)).collect()
    }

    pub(super) fn text(&mut self) -> String {
        [
            "",
            "a",
            "/checkout?",
            "Grüße 🙂",
            "line\nbreak",
            "\0",
            "long ".repeat(40).as_str(),
        ][self.below(7) as usize]
            .to_owned()
    }

    pub(super) fn private(&mut self) -> Private {
        Private::new(self.text())
    }

    fn name(&mut self) -> &'static str {
        ["form_errors", "clicks", "past_requests"][self.below(3) as usize]
    }

    pub(super) fn at(&mut self) -> Timestamp {
        Timestamp(match self.below(3) {
            0 => 0,
            1 => -5,
            _ => 1_767_225_600_000 + self.below(1 << 40) as i64,
        })
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.next(), self.next())
    }

    pub(super) fn link_key(&mut self) -> LinkKey {
        LinkKey(self.uuid().as_u128())
    }
}

macro_rules! ids {
    ($($method:ident = $id:ident;)*) => {
        impl Make {
            $(pub(super) fn $method(&mut self) -> $id {
                $id::from_uuid(self.uuid())
            })*
        }
    };
}

ids! {
    customer_id = CustomerId; source = SourceId; interaction = InteractionId;
    message = MessageId; offer_id = OfferId; grant_id = GrantId; redemption_id = RedemptionId;
    decision_id = DecisionId; request_id = RequestId; reservation = ReservationId;
    agent_id = AgentId; merge = MergeId; delivery = DeliveryId;
    attachment_id = AttachmentId; guide_id = GuideId;
}

macro_rules! one_of {
    ($($method:ident -> $ty:ty = [$($value:expr),* $(,)?];)*) => {
        impl Make {
            $(fn $method(&mut self) -> $ty {
                let all = [$($value),*];
                all[self.below(all.len() as u64) as usize]
            })*
        }
    };
}

one_of! {
    abstained -> Abstained = [Abstained::Empty, Abstained::Language];
    sentiment_label -> SentimentLabel = [
        SentimentLabel::Negative, SentimentLabel::Neutral, SentimentLabel::Positive,
    ];
    channel -> ChannelKind = [ChannelKind::Chat, ChannelKind::Callback];
    consent_by -> ConsentSource = [
        ConsentSource::Api, ConsentSource::Gpc, ConsentSource::Tcf, ConsentSource::ConsentMode,
        ConsentSource::Segment,
    ];
    consent -> Consent = [Consent::Unset, Consent::Granted, Consent::Denied];
    identifier_kind -> IdentifierKind = [
        IdentifierKind::Anonymous, IdentifierKind::Device, IdentifierKind::UserId,
        IdentifierKind::Email, IdentifierKind::Phone,
    ];
    identity -> IdentityLevel = [
        IdentityLevel::Anonymous, IdentityLevel::Claimed, IdentityLevel::Verified,
    ];
    need_level -> NeedLevel = [NeedLevel::Low, NeedLevel::Medium, NeedLevel::High];
    option -> OfferOptionKind = [
        OfferOptionKind::Callback, OfferOptionKind::Chat, OfferOptionKind::Faq,
        OfferOptionKind::SmartPause,
    ];
    stage -> OfferStage = [
        OfferStage::Eligible, OfferStage::Reserved, OfferStage::Shown,
        OfferStage::Accepted(OfferOptionKind::Callback), OfferStage::Accepted(OfferOptionKind::Chat),
        OfferStage::Accepted(OfferOptionKind::Faq), OfferStage::Accepted(OfferOptionKind::SmartPause),
        OfferStage::Dismissed, OfferStage::Ignored, OfferStage::Withdrawn, OfferStage::Expired,
        OfferStage::Completed,
    ];
    style -> OfferStyle = [OfferStyle::Prompt, OfferStyle::Banner, OfferStyle::Guide];
    guide_fact -> GuideFactKind = [
        GuideFactKind::Step, GuideFactKind::Completed, GuideFactKind::Closed,
        GuideFactKind::AnchorMissing,
    ];
    status -> ConversationStatus = [
        ConversationStatus::Queued, ConversationStatus::Assigned, ConversationStatus::Ended,
        ConversationStatus::NoAgent, ConversationStatus::Scheduled,
    ];
    standing -> RedemptionStanding = [
        RedemptionStanding::Held, RedemptionStanding::Connected, RedemptionStanding::Released,
        RedemptionStanding::Denied,
    ];
    code -> ResolutionCode = [
        ResolutionCode::Solved, ResolutionCode::Workaround, ResolutionCode::NoFix,
        ResolutionCode::Spam, ResolutionCode::CallbackNoAnswer, ResolutionCode::Other,
        ResolutionCode::Reached, ResolutionCode::Voicemail, ResolutionCode::WrongPerson,
    ];
    presence -> Presence = [
        Presence::Available, Presence::Busy, Presence::Away, Presence::Offline,
    ];
    closed -> Closed = [Closed::Resolved, Closed::Abandoned, Closed::Failed];
    denial -> AuthorizationDenial = [
        AuthorizationDenial::NoGrant, AuthorizationDenial::Exhausted,
        AuthorizationDenial::Expired, AuthorizationDenial::Revoked,
        AuthorizationDenial::WrongChannel, AuthorizationDenial::OldToken,
    ];
    how -> DismissedHow = [DismissedHow::NotNow, DismissedHow::Never, DismissedHow::Ignored];
    purpose -> Purpose = [
        Purpose::AnalyseBehaviour, Purpose::Contact, Purpose::AnalyseVoice,
    ];
    navigation -> Navigation = [
        Navigation::Navigate, Navigation::Reload, Navigation::BackForward,
    ];
    hit -> ClickTarget = [ClickTarget::Interactive, ClickTarget::TextField, ClickTarget::Other];
    submit -> SubmitOutcome = [
        SubmitOutcome::Unknown, SubmitOutcome::Failed, SubmitOutcome::Succeeded,
    ];
    mail_failure -> MailFailure = [MailFailure::Refused, MailFailure::GivenUp];
    mode -> Mode = [Mode::Shadow, Mode::Live];
}

impl Make {
    fn signal(&mut self) -> Signal {
        Signal::ALL[self.below(SIGNALS as u64) as usize]
    }

    pub(super) fn customer(&mut self) -> CustomerState {
        let mut features = Features::new(self.at());
        for counter in &mut features.counters {
            if self.flag() {
                counter.values = std::array::from_fn(|_| self.single());
                counter.at = self.at();
            }
        }
        features.clicks = self.many(|make| ClickPoint {
            x_px: make.single(),
            y_px: make.single(),
            at: make.at(),
        });
        features.faults = self.many(|make| FormFault {
            field: make.number(),
            at: make.at(),
        });
        features.page_active_ms = self.small();
        features.session_active_ms = self.small();
        features.scroll_depth_percent = self.below(101) as u8;
        CustomerState {
            customer: self.customer_id(),
            applied: Seq(self.number()),
            created_at: self.at(),
            last_seen_at: self.at(),
            merged_into: self.maybe(Self::customer_id),
            merges: self.many(Self::merge),
            links: self.many(|make| KnownLink {
                kind: make.identifier_kind(),
                key: make.link_key(),
                level: make.identity(),
            }),
            permission: Permission {
                analyse_behaviour: self.consent(),
                contact: self.consent(),
                analyse_voice: self.consent(),
                opted_out: self.flag(),
                time_zone: self.maybe(Self::text),
                language: self.maybe(Self::text),
            },
            features,
            need: NeedState {
                score: self.float(),
                level: self.need_level(),
                level_since: self.at(),
                pending: self.maybe(|make| (make.need_level(), make.at())),
                computed_at: self.at(),
            },
            mood: self.maybe(|make| Box::new(make.mood())),
            calls: self.many(Self::call_state),
            tone: self.maybe(|make| Box::new(make.tone())),
            session: self.maybe(|make| Session {
                session: make.interaction(),
                started_at: make.at(),
                last_at: make.at(),
                level: make.identity(),
                device: make.maybe(Self::link_key),
                path: make.text(),
                path_since: make.at(),
                source: make.maybe(Self::source),
                issue: make.maybe(|make| Box::new(make.named_issue())),
            }),
            browsers: self.many(|make| Browser {
                device: make.link_key(),
                anonymous: make.maybe(Self::link_key),
            }),
            visits: self.small(),
            past_requests: self.small(),
            rules: self.many(|make| RuleStanding {
                rule: RuleKey(make.number()),
                met_since: make.maybe(Self::at),
                handled: make.flag(),
                session: make.maybe(Self::interaction),
                recorded: make.small(),
            }),
            suppression: self.suppression(),
            shadow_suppression: self.suppression(),
            offer: self.maybe(|make| OfferState {
                offer: make.offer_id(),
                decision: make.decision_id(),
                rule: RuleKey(make.number()),
                style: make.style(),
                stage: make.stage(),
                options: make.many(Self::option),
                seat: make.flag(),
                grant: make.maybe(Self::grant_id),
                device: make.maybe(Self::link_key),
                made_at: make.at(),
                expires_at: make.at(),
            }),
            grants: self.many(Self::grant),
            conversation: self.maybe(Self::open),
            beside: self.many(Self::open),
            trail: self.many(Self::trail),
            reading: self.maybe(|make| Box::new(make.reading())),
            timeline_seq: self.number(),
            wake_at: self.maybe(Self::at),
            smart_pause: self.maybe(|make| SmartPauseState {
                pausable: make.maybe(Self::text),
                current: make.maybe(|make| (make.number(), make.at())),
                ended: make.number(),
            }),
            guides_seen: self.many(|make| RuleKey(make.number())),
            scheduled: self.maybe(|make| Box::new(make.open())),
            callback_refusal: self.maybe(Self::callback_refusal),
        }
    }

    fn pause_change(&mut self) -> PauseChange {
        match self.below(3) {
            0 => PauseChange::Started,
            1 => PauseChange::Resumed {
                exact: self.flag(),
                how: PauseEnd::ALL[self.below(4) as usize].0,
            },
            _ => PauseChange::Failed(PauseFailure::ALL[self.below(6) as usize].0),
        }
    }

    fn open(&mut self) -> ConversationState {
        ConversationState {
            conversation: self.interaction(),
            request: self.request_id(),
            channel: self.channel(),
            status: self.status(),
            agent: self.maybe(Self::agent_id),
            started_at: self.at(),
            redemption: self.maybe(|make| (make.grant_id(), make.redemption_id())),
            offer: self.maybe(Self::offer_id),
            key: self.number(),
            device: self.maybe(Self::link_key),
            phone: self.maybe(Self::private),
            recent: self.many(|make| SentMessage {
                key: make.number(),
                message: make.message(),
                timeline_seq: make.number(),
            }),
            callback: self.maybe(|make| Box::new(make.callback_state())),
            chat: Box::new(self.chat_state()),
            issues: self.many(Self::named_issue),
        }
    }

    fn trail(&mut self) -> TrailItem {
        let at = self.at();
        let what = match self.below(3) {
            0 => Trail::Page { path: self.text() },
            1 => Trail::Struggle {
                signal: self.signal(),
                detail: self.text(),
            },
            _ => Trail::Custom { name: self.text() },
        };
        TrailItem { at, what }
    }

    fn suppression(&mut self) -> Suppression {
        Suppression {
            tokens: self.single(),
            tokens_at: self.at(),
            cooling_until: self.at(),
            declined_until: self.at(),
            waived: self.flag(),
        }
    }

    pub(super) fn grant(&mut self) -> GrantState {
        GrantState {
            grant: self.grant_id(),
            base_limit: self.small(),
            boost: self.small(),
            boosted_at: self.at(),
            boost_half_life: Millis(self.number()),
            used: self.small(),
            held: self.small(),
            channels: self.many(Self::channel),
            issued_at: self.at(),
            expires_at: self.at(),
            revoked: self.flag(),
            generation: self.small(),
            issue_key: self.maybe(Self::number),
            redemptions: self.many(|make| Redemption {
                redemption: make.redemption_id(),
                key: make.number(),
                standing: make.standing(),
                received_at: make.at(),
            }),
        }
    }

    pub(super) fn input(&mut self) -> Input {
        Input {
            seq: Seq(self.number()),
            received_at: self.at(),
            body: match self.below(8) {
                0 => InputBody::World(self.world()),
                1 => InputBody::Skipped {
                    customer: self.maybe(Self::customer_id),
                    reason: self.text(),
                },
                2 => InputBody::Route(self.route_event()),
                _ => InputBody::Customer(CustomerEvent {
                    customer: self.customer_id(),
                    occurred_at: self.at(),
                    source: self.maybe(Self::source),
                    link: self.maybe(Self::link_key),
                    asker: self.maybe(Self::asker),
                    message_key: self.maybe(Self::number),
                    reading: self.maybe(Self::text_reading),
                    issue: self.maybe(Self::text_issue),
                    original: None,
                    body: self.body(),
                }),
            },
        }
    }

    fn text_issue(&mut self) -> TextIssue {
        TextIssue {
            model: self.text(),
            named: self.maybe(Self::text),
            p: self.float() as f32,
        }
    }

    fn named_issue(&mut self) -> NamedIssue {
        NamedIssue {
            row: self.number(),
            at: self.at(),
            label: self.text(),
            p: self.float() as f32,
        }
    }

    fn text_label(&mut self) -> TextLabel {
        if self.flag() {
            TextLabel::Sentiment(self.sentiment().label)
        } else {
            TextLabel::Issue(self.maybe(Self::text))
        }
    }

    fn text_reading(&mut self) -> TextReading {
        match self.below(3) {
            0 => TextReading::Abstained {
                why: self.abstained(),
                language: self.maybe(Self::text),
            },
            _ => TextReading::Scored(Box::new(self.text_score())),
        }
    }

    fn sentiment(&mut self) -> Sentiment {
        Sentiment {
            score: self.float() as f32,
            intensity: self.float() as f32,
            confidence: self.float() as f32,
            label: self.sentiment_label(),
        }
    }

    pub(super) fn text_score(&mut self) -> TextScore {
        TextScore {
            model: self.text(),
            tier: self.below(2) as u8,
            language: self.maybe(Self::text),
            sentiment: self.sentiment(),
            emotions: std::array::from_fn(|_| self.float() as f32),
            sarcasm: self.float() as f32,
            urgency: self.float() as f32,
            evidence: self.many(|make| Evidence {
                start: make.small(),
                end: make.small(),
                weight: make.float() as f32,
            }),
        }
    }

    fn mood(&mut self) -> Mood {
        Mood {
            at: self.at(),
            sentiment: self.sentiment(),
            emotions: std::array::from_fn(|_| self.float() as f32),
            sarcasm: self.float() as f32,
            urgency: self.float() as f32,
            average: self.float() as f32,
            scores: self.many(|make| make.float() as f32),
            texts: self.small(),
            negatives: self.float() as f32,
            repeated_since: self.maybe(Self::at),
            heard: self.many(Self::heard),
        }
    }

    fn reading_of(&mut self) -> ReadingOf {
        if self.flag() {
            ReadingOf::Message(self.message())
        } else {
            ReadingOf::Event(self.text())
        }
    }

    fn heard(&mut self) -> Heard {
        Heard {
            input: Seq(self.number()),
            of: self.reading_of(),
            row: self.number(),
            at: self.at(),
            score: self.float() as f32,
            begins: self.flag(),
            average: self.float() as f32,
            negatives: self.float() as f32,
            repeated_since: self.maybe(Self::at),
        }
    }

    fn asker(&mut self) -> Asker {
        Asker {
            device: self.link_key(),
            level: self.identity(),
            only: self.maybe(Self::interaction),
        }
    }

    pub(super) fn world(&mut self) -> WorldFacts {
        WorldFacts {
            version: self.number(),
            policy_revision: self.small(),
            mode: self.mode(),
            faqs: self.flag(),
            model: self.text(),
            guides_revision: self.small(),
            lexicon_revision: self.small(),
            rollouts_revision: self.small(),
            budgets_spent: self.many(|make| BudgetSpent {
                rule: RuleKey(make.next()),
                until: make.at(),
            }),
        }
    }

    fn article_ref(&mut self) -> ArticleRef {
        ArticleRef {
            faq: FaqId::derive(self.at(), Seq(self.number()), 0),
            locale: self.text(),
            version: self.small(),
            title: self.text(),
        }
    }

    pub(super) fn article(&mut self) -> ArticleFact {
        match self.below(5) {
            0 => ArticleFact::Opened(self.article_ref()),
            1 => ArticleFact::Read {
                article: self.article_ref(),
                seconds: self.small(),
            },
            2 => ArticleFact::Rated {
                article: self.article_ref(),
                helpful: self.flag(),
                reason: self.maybe(Self::private),
            },
            3 => ArticleFact::StillNeeded {
                article: self.maybe(Self::article_ref),
            },
            _ => ArticleFact::Searched {
                words: self.private(),
                locale: self.text(),
                found: self.small(),
            },
        }
    }

    pub(super) fn reading(&mut self) -> Reading {
        Reading {
            session: self.maybe(Self::interaction),
            articles: self.many(|make| ArticleUse {
                article: make.article_ref(),
                opened_at: make.at(),
                read_s: make.small(),
                helpful: make.maybe(Self::flag),
                still_needed: make.flag(),
            }),
            searches: self.many(|make| ArticleSearch {
                words: make.private(),
                found: make.small(),
                at: make.at(),
            }),
            still_needed: self.flag(),
        }
    }

    fn body(&mut self) -> CustomerBody {
        if self.below(6) == 0 {
            return self.callback_body();
        }
        match self.below(32) {
            31 => CustomerBody::Call(Box::new(self.call_fact())),
            0 => CustomerBody::Behaviour(self.behaviour()),
            1 => CustomerBody::SessionStarted(SessionStarted {
                device: self.link_key(),
                anonymous: self.maybe(Self::link_key),
                level: self.identity(),
                path: self.text(),
                time_zone: self.maybe(Self::text),
                language: self.maybe(Self::text),
            }),
            2 => CustomerBody::Identified {
                identifiers: self.many(|make| Identifier {
                    kind: make.identifier_kind(),
                    key: make.link_key(),
                    value: make.private(),
                    level: make.identity(),
                }),
                traits: self.many(|make| (make.text(), make.private())),
            },
            3 => CustomerBody::Consent {
                purpose: self.purpose(),
                granted: self.flag(),
                by: self.consent_by(),
            },
            4 => CustomerBody::OfferShown {
                offer: self.offer_id(),
            },
            5 => CustomerBody::OfferAccepted {
                offer: self.offer_id(),
                option: self.option(),
                grant: self.maybe(Self::grant_id),
                key: self.number(),
                phone: self.maybe(Self::private),
            },
            6 => CustomerBody::OfferDismissed {
                offer: self.offer_id(),
                how: self.how(),
            },
            7 => CustomerBody::OffersWanted,
            25 => CustomerBody::Article(self.article()),
            8 => CustomerBody::HelpRequested {
                channel: self.channel(),
                key: self.number(),
                text: self.maybe(Self::private),
                phone: self.maybe(Self::private),
            },
            9 => CustomerBody::CustomerMessage {
                conversation: self.interaction(),
                key: self.number(),
                client_key: self.text(),
                text: self.private(),
                attachments: self.many(Self::attachment),
            },
            10 => CustomerBody::CustomerEnded {
                conversation: self.interaction(),
            },
            11 => CustomerBody::AgentMessage {
                conversation: self.interaction(),
                agent: self.agent_id(),
                key: self.number(),
                client_key: self.text(),
                text: self.private(),
                attachments: self.many(Self::attachment),
            },
            12 => CustomerBody::AgentResolved {
                conversation: self.interaction(),
                agent: self.agent_id(),
                code: self.code(),
                notes: self.private(),
            },
            13 => CustomerBody::GrantIssued {
                terms: GrantTerms {
                    limit: self.small(),
                    ttl: Millis(self.number()),
                    channels: self.many(Self::channel),
                },
                key: self.number(),
            },
            14 => CustomerBody::GrantRevoked {
                grant: self.grant_id(),
            },
            15 => CustomerBody::GrantRedeemed {
                grant: self.grant_id(),
                generation: self.small(),
                channel: self.channel(),
                key: self.number(),
            },
            16 => CustomerBody::FromRoute(self.answer_of_routing()),
            17 => CustomerBody::MergeOut {
                merge: self.merge(),
                into: self.customer_id(),
            },
            18 => CustomerBody::MergeIn {
                merge: self.merge(),
                from: Box::new(self.customer()),
            },
            19 => CustomerBody::Pausable {
                path: self.text(),
                pausable: self.flag(),
            },
            24 => CustomerBody::GuideFact {
                guide: self.guide_id(),
                offer: self.maybe(Self::offer_id),
                step: self.below(12) as u8,
                fact: self.guide_fact(),
            },
            20 => CustomerBody::Pause {
                key: self.number(),
                path: self.text(),
                change: self.pause_change(),
            },
            21 => CustomerBody::ChatDetails(ChatDetails {
                terms: self.maybe(Self::text),
                email: self.maybe(Self::private),
            }),
            22 => CustomerBody::ChatRead(ChatRead {
                conversation: self.interaction(),
                agent: self.maybe(Self::agent_id),
                timeline_seq: self.number(),
            }),
            23 => CustomerBody::ChatPresence {
                left_at: self.maybe(Self::at),
            },
            27 => CustomerBody::MailFailed(MailFailed {
                conversation: self.interaction(),
                generation: self.small(),
                failure: self.mail_failure(),
                detail: self.text(),
            }),
            28 => CustomerBody::Revealed {
                agent: self.agent_id(),
                row: self.number(),
                reason: self.private(),
            },
            30 => CustomerBody::Labelled(LabelledText {
                agent: self.agent_id(),
                conversation: self.maybe(Self::interaction),
                row: self.number(),
                label: self.text_label(),
                text: self.private(),
            }),
            29 => CustomerBody::ReadAgain {
                input: Seq(self.number()),
                score: Box::new(self.text_score()),
            },
            _ => CustomerBody::Tick,
        }
    }

    fn behaviour(&mut self) -> Behaviour {
        match self.below(12) {
            0 => Behaviour::PageView {
                path: self.text(),
                navigation: self.navigation(),
            },
            1 => Behaviour::PageLeave,
            2 => Behaviour::Click {
                x_px: self.single(),
                y_px: self.single(),
                target: self.number(),
                on: self.hit(),
            },
            3 => Behaviour::Scroll {
                depth_percent: self.below(101) as u8,
            },
            4 => Behaviour::Active { ms: self.small() },
            5 => Behaviour::FormSubmit {
                form: self.number(),
                outcome: self.submit(),
            },
            6 => Behaviour::FormError {
                form: self.number(),
                field: self.number(),
                field_name: self.text(),
                code: self.text(),
            },
            7 => Behaviour::DeadClick,
            8 => Behaviour::SlowClick,
            9 => Behaviour::Thrash,
            10 => Behaviour::Hesitation {
                field: self.number(),
            },
            _ => Behaviour::Custom {
                name: self.text(),
                properties: self.private(),
            },
        }
    }

    fn route_event(&mut self) -> RouteEvent {
        match self.below(9) {
            0 => RouteEvent::AgentChanged {
                agent: self.agent_id(),
                profile: self.profile(),
            },
            1 => RouteEvent::PresenceSet {
                agent: self.agent_id(),
                presence: self.presence(),
            },
            2 => RouteEvent::ReservationAccepted {
                agent: self.agent_id(),
                reservation: self.reservation(),
            },
            3 => RouteEvent::ReservationRejected {
                agent: self.agent_id(),
                reservation: self.reservation(),
            },
            4 => RouteEvent::Tick,
            _ => RouteEvent::FromCustomer {
                customer: self.customer_id(),
                message: match self.below(5) {
                    4 => self.question_of_a_callback(),
                    0 => CustomerToRoute::HoldSeat {
                        offer: self.offer_id(),
                        style: self.style(),
                        needs: self.needs(),
                        until: self.at(),
                    },
                    1 => CustomerToRoute::ReleaseSeat {
                        offer: self.offer_id(),
                    },
                    2 => CustomerToRoute::Enqueue(NewRequest {
                        request: self.request_id(),
                        conversation: self.interaction(),
                        needs: self.needs(),
                        offer: self.maybe(Self::offer_id),
                        why: self.text(),
                        number: self.maybe(Self::link_key),
                    }),
                    _ => CustomerToRoute::Close {
                        request: self.request_id(),
                        how: self.closed(),
                    },
                },
            },
        }
    }

    fn answer_of_routing(&mut self) -> RouteToCustomer {
        if self.below(5) == 0 {
            return self.answer_to_a_callback();
        }
        match self.below(7) {
            0 => RouteToCustomer::SeatHeld {
                offer: self.offer_id(),
            },
            1 => RouteToCustomer::SeatDenied {
                offer: self.offer_id(),
                wait_s: self.maybe(Self::small),
                staffed: self.flag(),
            },
            2 => RouteToCustomer::SeatLost {
                offer: self.offer_id(),
            },
            3 => RouteToCustomer::Waiting {
                request: self.request_id(),
                position: self.small(),
                wait_s: self.maybe(Self::small),
            },
            4 => RouteToCustomer::NoAgent {
                request: self.request_id(),
            },
            5 => RouteToCustomer::Assigned {
                request: self.request_id(),
                agent: self.agent_id(),
            },
            _ => RouteToCustomer::Requeued {
                request: self.request_id(),
            },
        }
    }

    fn profile(&mut self) -> AgentProfile {
        AgentProfile {
            skills: self.many(|make| (make.text(), make.below(256) as u8)),
            languages: self.many(Self::text),
            capacity: self.per_channel(),
            active: self.flag(),
            hours: self.maybe(Self::agent_hours),
        }
    }

    fn per_channel(&mut self) -> PerChannel {
        PerChannel {
            chat: self.small(),
            callback: self.small(),
        }
    }

    pub(super) fn needs(&mut self) -> Needs {
        Needs {
            channel: self.channel(),
            skill: self.maybe(Self::text),
            language: self.maybe(Self::text),
            priority: self.below(256) as u8,
        }
    }

    pub(super) fn agent(&mut self) -> AgentState {
        AgentState {
            profile: self.profile(),
            presence: self.presence(),
            idle_since: self.at(),
            load: self.per_channel(),
        }
    }

    pub(super) fn request(&mut self) -> RequestState {
        RequestState {
            customer: self.customer_id(),
            conversation: self.interaction(),
            needs: self.needs(),
            why: self.text(),
            queued_at: self.at(),
            stage: match self.below(3) {
                0 => RequestStage::Queued,
                1 => RequestStage::Offered {
                    agent: self.agent_id(),
                    reservation: self.reservation(),
                    until: self.at(),
                },
                _ => RequestStage::Assigned {
                    agent: self.agent_id(),
                    reservation: self.reservation(),
                    at: self.at(),
                },
            },
            passed: self.many(Self::agent_id),
            told_position: self.small(),
            tell_again_at: self.maybe(Self::at),
        }
    }

    pub(super) fn route(&mut self) -> RouteState {
        RouteState {
            applied: Seq(self.number()),
            agents: self.many(|make| (make.agent_id(), make.agent())),
            requests: self.many(|make| (make.request_id(), make.request())),
            holds: self.many(|make| {
                let hold = SeatHold {
                    customer: make.customer_id(),
                    needs: make.needs(),
                    agent: make.agent_id(),
                    until: make.at(),
                    style: make.style(),
                    since: make.at(),
                    shares: make.flag(),
                };
                (make.offer_id(), hold)
            }),
            handle_s: [self.single(), self.single()],
            bookings: self.many(|make| (make.interaction(), make.booking())),
            numbers: self.many(|make| (make.link_key(), make.number_use())),
            pacing: self.pacing(),
        }
    }

    fn pacing(&mut self) -> PacingState {
        PacingState {
            arrivals: std::array::from_fn(|_| ArrivalCount {
                count: self.float(),
                at: self.at(),
                since: self.at(),
            }),
            handled: std::array::from_fn(|_| HandleTimes {
                count: self.float(),
                sum: self.float(),
                squares: self.float(),
            }),
            answers: std::array::from_fn(|_| OfferAnswers {
                accepted: std::array::from_fn(|_| self.float()),
                declined: std::array::from_fn(|_| self.float()),
            }),
        }
    }

    fn reason(&mut self) -> WithholdReason {
        match self.below(14) {
            0 => WithholdReason::NoConsent,
            1 => WithholdReason::OptedOut,
            2 => WithholdReason::IdentityTooWeak,
            3 => WithholdReason::AuthorizationDenied(self.denial()),
            4 => WithholdReason::QuietHours,
            5 => WithholdReason::FrequencyCap,
            6 => WithholdReason::CoolingDown,
            7 => WithholdReason::DeclinedRecently,
            8 => WithholdReason::LiveOffer,
            9 => WithholdReason::AlreadyInContact,
            10 => WithholdReason::Holdout,
            11 => WithholdReason::Paced,
            12 => WithholdReason::StaleSignals,
            _ => WithholdReason::ShadowMode,
        }
    }

    fn outcome(&mut self) -> Outcome {
        match self.below(8) {
            6 => Outcome::Grant(self.grant_id()),
            7 => Outcome::Boost(self.grant_id()),
            0 => Outcome::Prompt(self.offer_id()),
            1 => Outcome::Offer(self.offer_id()),
            2 => Outcome::Notify,
            3 => Outcome::Escalate,
            _ => Outcome::Withhold(self.many(Self::reason)),
        }
    }

    pub(super) fn decision(&mut self) -> DecisionRecord {
        DecisionRecord {
            decision: self.decision_id(),
            customer: self.customer_id(),
            session: self.maybe(Self::interaction),
            at: self.at(),
            rule: self.text(),
            outcome: self.outcome(),
            trace: Trace {
                signals: self.many(|make| (make.text(), make.text())),
                condition: self.text(),
                parts: self.many(|make| (make.text(), make.flag())),
                score: self.float(),
                contributions: self.many(|make| Contribution {
                    factor: make.name(),
                    value: make.float(),
                    weight: make.float(),
                    contribution: make.float(),
                }),
                policy_revision: self.small(),
                model: self.text(),
                engine: self.text(),
            },
        }
    }

    pub(super) fn change(&mut self) -> LedgerChange {
        match self.below(10) {
            8 => LedgerChange::Boosted {
                rule: RuleKey(self.number()),
                boost: self.small(),
            },
            9 => LedgerChange::Decayed {
                boost: self.small(),
            },
            0 => LedgerChange::Issued {
                limit: self.small(),
            },
            1 => LedgerChange::Held(self.redemption_id()),
            2 => LedgerChange::Connected(self.redemption_id()),
            3 => LedgerChange::Released(self.redemption_id()),
            4 => LedgerChange::Denied(self.denial()),
            5 => LedgerChange::Expired,
            6 => LedgerChange::Revoked,
            _ => LedgerChange::Carried,
        }
    }

    pub(super) fn author(&mut self) -> Author {
        match self.below(3) {
            0 => Author::Customer,
            1 => Author::Agent(self.agent_id()),
            _ => Author::System,
        }
    }

    pub(super) fn timeline(&mut self) -> TimelineBody {
        if self.below(8) == 0 {
            return TimelineBody::Callback(Box::new(self.callback_view()));
        }
        match self.below(24) {
            22 => TimelineBody::Call(self.call_view()),
            23 => TimelineBody::Utterance(Box::new(self.utterance_view())),
            14 => TimelineBody::Article(self.article()),
            0 => TimelineBody::Page { path: self.text() },
            1 => TimelineBody::Struggle {
                signal: self.signal(),
                detail: self.text(),
            },
            2 => TimelineBody::Custom { name: self.text() },
            3 => TimelineBody::Identified {
                kinds: self.many(Self::identifier_kind),
            },
            4 => TimelineBody::Offer(OfferView {
                offer: self.offer_id(),
                style: self.style(),
                stage: self.stage(),
                rule: self.text(),
                options: self.many(|make| (make.option(), make.maybe(Self::small))),
                grant: self.maybe(|make| (make.grant_id(), make.small())),
                expires_at: self.at(),
                why: self.name(),
            }),
            5 => TimelineBody::Decision {
                decision: self.decision_id(),
                rule: self.text(),
                outcome: self.outcome(),
            },
            6 => TimelineBody::Conversation {
                conversation: self.interaction(),
                channel: self.channel(),
                status: self.status(),
                agent: self.maybe(Self::agent_id),
                position: self.maybe(Self::small),
                wait_s: self.maybe(Self::small),
            },
            7 => TimelineBody::Message {
                conversation: self.interaction(),
                message: self.message(),
                author: self.author(),
                client_key: self.text(),
                text: self.private(),
                original: self.maybe(Self::private),
                attachments: self.many(Self::attachment),
            },
            17 => TimelineBody::Mood(Box::new(MoodReading {
                of: self.reading_of(),
                score: self.text_score(),
                average: self.float() as f32,
                trend: self.float() as f32,
                repeated_negatives: self.flag(),
                replaces: self.maybe(Self::number),
            })),
            8 => TimelineBody::Resolution {
                conversation: self.interaction(),
                code: self.code(),
                notes: self.private(),
                agent: self.agent_id(),
            },
            9 => TimelineBody::Grant {
                grant: self.grant_id(),
                change: self.change(),
            },
            13 => TimelineBody::Guide {
                guide: self.guide_id(),
                step: self.below(12) as u8,
                fact: self.guide_fact(),
            },
            10 => TimelineBody::Pause {
                path: self.text(),
                change: self.pause_change(),
                lasted: self.maybe(|make| Millis(make.number())),
            },
            11 => TimelineBody::ChatTerms {
                conversation: self.interaction(),
                terms: self.text(),
            },
            12 => TimelineBody::Consent {
                purpose: self.purpose(),
                granted: self.flag(),
                by: self.consent_by(),
            },
            16 => TimelineBody::MailFailed {
                conversation: self.interaction(),
                failure: self.mail_failure(),
                detail: self.text(),
            },
            19 => TimelineBody::Labelled {
                agent: self.agent_id(),
                row: self.number(),
                label: self.text_label(),
            },
            20 => TimelineBody::Issue {
                of: self.reading_of(),
                issue: self.text_issue(),
            },
            18 => TimelineBody::Revealed {
                agent: self.agent_id(),
                row: self.number(),
                reason: self.private(),
            },
            _ => TimelineBody::Merge {
                other: self.customer_id(),
            },
        }
    }

    pub(super) fn conversation(&mut self) -> ConversationRow {
        ConversationRow {
            conversation: self.interaction(),
            customer: self.customer_id(),
            request: self.request_id(),
            channel: self.channel(),
            status: self.status(),
            agent: self.maybe(Self::agent_id),
            started_at: self.at(),
            last_at: self.at(),
            last_author: self.maybe(Self::author),
            last_text: self.maybe(Self::private),
            phone: self.maybe(Self::private),
            code: self.maybe(Self::code),
            chat: Box::new(self.chat_standing()),
            callback: self.maybe(Self::callback_row),
            issue: self.maybe(Self::named_issue),
            grant: self.maybe(Self::grant_id),
        }
    }

    fn chat_state(&mut self) -> ChatState {
        ChatState {
            last_at: self.at(),
            unread: self.many(Self::number),
            unread_older: self.small(),
            customer_read: self.number(),
            staff_read: self.number(),
            left_at: self.maybe(Self::at),
            email: self.maybe(Self::private),
            source: self.maybe(Self::source),
            terms: self.text(),
            unmailed: self.many(|make| UnmailedMessage {
                message: make.message(),
                timeline_seq: make.number(),
                at: make.at(),
            }),
            mail_at: self.maybe(Self::at),
            mail_generation: self.small(),
            undeliverable: self.flag(),
        }
    }

    fn chat_standing(&mut self) -> ChatStanding {
        ChatStanding {
            unread: self.small(),
            customer_read: self.number(),
            staff_read: self.number(),
            left_at: self.maybe(Self::at),
            email: self.maybe(Self::private),
            terms: self.text(),
            page: self.text(),
            mail_generation: self.small(),
            undeliverable: self.flag(),
        }
    }

    fn attachment(&mut self) -> Attachment {
        Attachment {
            attachment: self.attachment_id(),
            name: self.private(),
            content_type: self.text(),
            bytes: self.number(),
            width_px: self.small(),
            height_px: self.small(),
            alt: self.private(),
        }
    }

    pub(super) fn outbox(&mut self) -> OutboxItem {
        OutboxItem {
            delivery: self.delivery(),
            at: self.at(),
            what: self.outbound(),
        }
    }

    fn outbound(&mut self) -> Outbound {
        match self.below(3) {
            0 => Outbound::Sms(Box::new(self.callback_text())),
            1 => Outbound::ChatMail {
                customer: self.customer_id(),
                conversation: self.interaction(),
                to: self.private(),
                messages: self.many(Self::message),
                language: self.maybe(Self::text),
                source: self.maybe(Self::source),
                device: self.maybe(Self::link_key),
                generation: self.small(),
            },
            _ => Outbound::Alert {
                customer: self.customer_id(),
                decision: self.decision_id(),
                rule: self.text(),
                text: self.text(),
            },
        }
    }

    pub(super) fn log(&mut self) -> Vec<Input> {
        let count = self.below(6);
        (0..count)
            .map(|_| self.input())
            .collect::<SmallVec<[Input; 6]>>()
            .into_vec()
    }
}
