//! Random calls.

use overture_engine::model::*;

use super::make::Make;

impl Make {
    fn via(&mut self) -> CallVia {
        [CallVia::Twilio, CallVia::Stream, CallVia::Recording][self.below(3) as usize]
    }

    fn not_analysed(&mut self) -> NotAnalysed {
        [
            NotAnalysed::NotEnabled,
            NotAnalysed::NotDisclosed,
            NotAnalysed::OptedOut,
        ][self.below(3) as usize]
    }

    fn call_end(&mut self) -> CallEnd {
        [CallEnd::HungUp, CallEnd::Lost][self.below(2) as usize]
    }

    fn began(&mut self) -> CallBegan {
        CallBegan {
            key: self.number(),
            via: self.via(),
            external: self.text(),
            direction: [CallDirection::Inbound, CallDirection::Outbound][self.below(2) as usize],
            disclosed: self.flag(),
            agent: self.maybe(Self::agent_id),
            synthetic: self.flag(),
        }
    }

    fn voice(&mut self) -> VoiceScore {
        VoiceScore {
            anger: self.single(),
            sadness: self.single(),
            joy: self.single(),
            neutral: self.single(),
            arousal: self.single(),
            quality: self.single(),
            pitch: self.maybe(Self::single),
            loudness_db: self.maybe(Self::single),
            pace: self.maybe(Self::single),
        }
    }

    fn dynamics(&mut self) -> CallDynamics {
        CallDynamics {
            seconds: self.float(),
            customer_share: self.float(),
            overlap_share: self.float(),
            silence_share: self.float(),
            dead_air_seconds: self.float(),
            interruptions_by_customer: self.small(),
            interruptions_by_agent: self.small(),
            customer_latency_ms: self.maybe(Self::small),
            agent_latency_ms: self.maybe(Self::small),
        }
    }

    fn utterance(&mut self) -> Utterance {
        Utterance {
            call: self.interaction(),
            start_ms: self.small(),
            end_ms: self.small(),
            spoken_ms: self.small(),
            voice: self.maybe(Self::voice),
            text: self.private(),
            words_confidence: self.single(),
            words_from: self.maybe(Self::text),
        }
    }

    pub(super) fn call_fact(&mut self) -> CallFact {
        match self.below(4) {
            0 => CallFact::Began(self.began()),
            1 => CallFact::Disclosed {
                call: self.interaction(),
            },
            2 => CallFact::Heard(self.utterance()),
            _ => CallFact::Ended {
                call: self.interaction(),
                why: self.call_end(),
                lasted: self.maybe(|make| Millis(make.number())),
                dynamics: self.maybe(Self::dynamics),
            },
        }
    }

    pub(super) fn call_state(&mut self) -> CallState {
        CallState {
            call: self.interaction(),
            began: self.began(),
            started_at: self.at(),
            last_at: self.at(),
            words_from: self.maybe(Self::text),
        }
    }

    pub(super) fn tone(&mut self) -> Tone {
        Tone {
            call: self.interaction(),
            at: self.at(),
            voice: self.maybe(Self::voice),
            has_words: self.flag(),
            score: self.single(),
            highest: self.single(),
            spoken_ms: self.small(),
            recent: self.many(|make| (make.small(), make.single())),
            crossing: self.below(256) as u8,
            alert_since: self.maybe(Self::at),
        }
    }

    pub(super) fn call_view(&mut self) -> CallView {
        CallView {
            call: self.interaction(),
            via: self.via(),
            change: match self.below(5) {
                0 => CallChange::Began(self.maybe(Self::not_analysed)),
                1 => CallChange::Analysed,
                2 => CallChange::Alert,
                3 => CallChange::Calmed,
                _ => CallChange::Ended(self.maybe(|make| Millis(make.number()))),
            },
        }
    }

    pub(super) fn utterance_view(&mut self) -> UtteranceView {
        UtteranceView {
            utterance: self.utterance(),
            words: self.maybe(Self::text_score),
            fused: self.maybe(|make| Fused {
                score: make.single(),
                confidence: make.single(),
                disagree: make.flag(),
                sarcasm: make.single(),
            }),
            score: self.single(),
        }
    }

    pub(super) fn call(&mut self) -> CallRow {
        CallRow {
            call: self.interaction(),
            began: self.began(),
            started_at: self.at(),
            ended_at: self.maybe(Self::at),
            end: self.maybe(Self::call_end),
            lasted: self.maybe(|make| Millis(make.number())),
            not_analysed: self.maybe(Self::not_analysed),
            words_from: self.maybe(Self::text),
            voice: self.maybe(Self::voice),
            score: self.maybe(|make| CallScore {
                now: make.single(),
                highest: make.single(),
                trend: make.single(),
                alert: make.flag(),
            }),
            dynamics: self.maybe(Self::dynamics),
        }
    }
}
