//! Stories of routing: a script in, what happened out.
//!
//! Names stand for ids, times are `+seconds` before a line, `chat` and `callback` channels.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{collections::BTreeMap, fmt::Write as _};

use overture_engine::{
    model::*,
    route::{self, RouteOutput, Routing},
};

const START: Timestamp = Timestamp(1_700_000_000_000);

#[derive(Default)]
struct Teller {
    routing: Routing,
    settings: RouteSettings,
    seconds: u64,
    seq: u64,
    names: BTreeMap<String, String>,
    reservations: BTreeMap<String, ReservationId>,
    text: String,
}

/// A stable number for a name.
fn number(name: &str) -> u32 {
    name.bytes()
        .fold(7, |sum, byte| sum * 31 % 65_521 + u32::from(byte))
}

impl Teller {
    fn agent(&mut self, name: &str) -> AgentId {
        let id = AgentId::derive(START, Seq(0), number(name));
        self.names.insert(id.to_string(), name.to_owned());
        id
    }

    fn request(&mut self, name: &str) -> RequestId {
        let id = RequestId::derive(START, Seq(0), number(name));
        self.names.insert(id.to_string(), name.to_owned());
        id
    }

    fn offer(&mut self, name: &str) -> OfferId {
        let id = OfferId::derive(START, Seq(0), number(name));
        self.names.insert(id.to_string(), name.to_owned());
        id
    }

    fn customer(&mut self, of: &str) -> CustomerId {
        CustomerId::derive(START, Seq(0), number(of))
    }

    fn event(&mut self, words: &[&str]) -> RouteEvent {
        let option = |name: &str| {
            words
                .iter()
                .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
        };
        let number_of = |name: &str| option(name).map_or(0, |text| text.parse().unwrap());
        let needs = || Needs {
            channel: if words.contains(&"callback") {
                ChannelKind::Callback
            } else {
                ChannelKind::Chat
            },
            skill: option("skill").map(str::to_owned),
            language: option("language").map(str::to_owned),
            priority: number_of("priority") as u8,
        };
        let list = |name: &str| {
            option(name)
                .into_iter()
                .flat_map(|list| list.split(','))
                .map(str::to_owned)
        };
        match words[0] {
            "account" => RouteEvent::AgentChanged {
                agent: self.agent(words[1]),
                profile: AgentProfile {
                    skills: list("skills").map(|skill| (skill, 3)).collect(),
                    languages: list("languages").collect(),
                    capacity: PerChannel {
                        chat: number_of("chat"),
                        callback: number_of("callback"),
                    },
                    active: !words.contains(&"closed"),
                    hours: None,
                },
            },
            "available" | "busy" | "away" | "offline" => RouteEvent::PresenceSet {
                agent: self.agent(words[1]),
                presence: Presence::from_name(words[0]).unwrap(),
            },
            "accept" | "reject" => {
                let agent = self.agent(words[1]);
                let reservation = self.reservations[words[2]];
                if words[0] == "accept" {
                    RouteEvent::ReservationAccepted { agent, reservation }
                } else {
                    RouteEvent::ReservationRejected { agent, reservation }
                }
            }
            "tick" => RouteEvent::Tick,
            _ => {
                let message = match words[0] {
                    "hold" => CustomerToRoute::HoldSeat {
                        offer: self.offer(words[1]),
                        style: OfferStyle::Banner,
                        needs: needs(),
                        until: self.now() + Millis::from_secs(number_of("for").into()),
                    },
                    "release" => CustomerToRoute::ReleaseSeat {
                        offer: self.offer(words[1]),
                    },
                    "ask" => CustomerToRoute::Enqueue(NewRequest {
                        request: self.request(words[1]),
                        conversation: InteractionId::derive(START, Seq(0), number(words[1])),
                        needs: needs(),
                        offer: option("offer").map(|offer| self.offer(offer)),
                        why: "asked for help".to_owned(),
                        number: None,
                    }),
                    "resolve" | "abandon" => CustomerToRoute::Close {
                        request: self.request(words[1]),
                        how: if words[0] == "resolve" {
                            Closed::Resolved
                        } else {
                            Closed::Abandoned
                        },
                    },
                    other => panic!("no such happening: {other}"),
                };
                RouteEvent::FromCustomer {
                    customer: self.customer(words[1]),
                    message,
                }
            }
        }
    }

    fn now(&self) -> Timestamp {
        START + Millis::from_secs(self.seconds)
    }

    fn tell(&mut self, line: &str) {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        if let Some(pause) = words[0].strip_prefix('+') {
            self.seconds += pause.parse::<u64>().unwrap();
            words.remove(0);
        }
        self.seq += 1;
        let event = self.event(&words);
        let mut out = RouteOutput::default();
        let (at, seq) = (self.now(), Seq(self.seq));
        let before = self.routing.state().clone();
        let reply = route::step(&mut self.routing, at, seq, &event, &self.settings, &mut out);
        if matches!(reply, Reply::Gone | Reply::NotYours) {
            let same = RouteState {
                applied: seq,
                ..before
            };
            assert!(*self.routing.state() == same || !out.effects.is_empty());
        }
        writeln!(self.text, "{:>4} s  {}", self.seconds, words.join(" ")).unwrap();
        let reply = match reply {
            Reply::Assigned { .. } => "Assigned".to_owned(),
            other => format!("{other:?}"),
        };
        if reply != "Done" {
            writeln!(self.text, "          reply {reply}").unwrap();
        }
        for effect in &out.effects {
            let row = match effect {
                Effect::Request { request, state } => {
                    let name = self.names[&request.to_string()].clone();
                    let state = state.as_ref().map(|state| state.stage);
                    if let Some(RequestStage::Offered { reservation, .. }) = state {
                        self.reservations.insert(name.clone(), reservation);
                    }
                    format!("request {name} {}", self.stage(state))
                }
                Effect::Agent { agent, state } => format!(
                    "agent {} {} chat {}/{} callback {}/{}",
                    self.names[&agent.to_string()],
                    state.presence.name(),
                    state.load.chat,
                    state.profile.capacity.chat,
                    state.load.callback,
                    state.profile.capacity.callback
                ),
                Effect::Count { rule, what } => format!("count {rule} {what}"),
                other => panic!("{other:?}"),
            };
            writeln!(self.text, "          {row}").unwrap();
        }
        for (_, message) in &out.to_customers {
            let mut message = format!("{message:?}");
            for (id, name) in &self.names {
                message = message.replace(id, name);
            }
            writeln!(self.text, "          tell {message}").unwrap();
        }
        self.routing.check_index().unwrap();
    }

    fn stage(&self, stage: Option<RequestStage>) -> String {
        match stage {
            None => "left".to_owned(),
            Some(RequestStage::Queued) => "queued".to_owned(),
            Some(RequestStage::Offered { agent, until, .. }) => format!(
                "offered to {} until {} s",
                self.names[&agent.to_string()],
                until.since(START).0 / 1_000
            ),
            Some(RequestStage::Assigned { agent, .. }) => {
                format!("assigned to {}", self.names[&agent.to_string()])
            }
        }
    }
}

fn story_with(settings: RouteSettings, script: &str) -> String {
    let mut teller = Teller {
        settings,
        ..Teller::default()
    };
    for line in script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        teller.tell(line);
    }
    teller.text
}

/// Each offer has a seat of its own.
fn story(script: &str) -> String {
    let mut settings = RouteSettings::default();
    settings.pacing.mode = PacingMode::Held;
    story_with(settings, script)
}

/// Offers share seats.
fn paced(script: &str) -> String {
    story_with(RouteSettings::default(), script)
}

macro_rules! stories {
    ($($name:ident: $of:ident $script:literal;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!($of($script));
        }
    )*};
}

stories! {
    nobody_waits_longer_than_they_are_told: story "
        account ann chat=1
        available ann
        ask first
        accept ann first
        +120 resolve first
        ask second
        accept ann second
        ask third
        +60 tick
        +59 tick
        +1 tick
        +119 tick
        +1 tick
        +240 tick
        +100 resolve second
        reject ann third
        +1 tick";

    a_held_seat_becomes_a_chat: story "
        account ann chat=1
        available ann
        hold banner for=60
        +10 hold other for=60
        +5 ask cleo offer=banner
        +3 accept ann cleo
        accept ann cleo
        +200 resolve cleo
        accept ann cleo
        hold third for=60";

    the_longest_idle_goes_first_and_nothing_in_hand_before_that: story "
        account ann chat=2
        account bob chat=2
        available ann
        +5 available bob
        +5 ask first
        ask second
        accept ann first
        accept bob second
        +10 resolve first
        +10 resolve second
        ask third
        ask fourth
        ask fifth";

    skill_language_and_channel_are_hard: story "
        account ann chat=1 skills=billing languages=en
        account bob chat=1 callback=1 skills=technical languages=de,en
        available ann
        available bob
        ask one skill=technical language=en-GB
        ask two skill=billing language=de
        ask three callback
        ask four skill=billing language=en-US";

    priority_goes_before_age: story "
        account ann chat=1
        ask low
        +5 ask high priority=2
        +5 ask low_too
        available ann
        accept ann high
        resolve high
        accept ann low
        resolve low";

    who_passed_is_asked_again_only_when_nobody_else_can: story "
        account ann chat=1
        account bob chat=1
        available ann
        +1 available bob
        ask cleo
        reject ann cleo
        +30 tick
        reject ann cleo
        +5 away bob
        accept ann cleo";

    a_reservation_runs_out_and_late_or_strange_answers_change_nothing: story "
        account ann chat=1
        account bob chat=1
        available ann
        ask cleo
        accept bob cleo
        reject bob cleo
        +30 accept ann cleo
        busy ann
        accept ann cleo";

    after_the_bounded_wait_needs_are_relaxed: story "
        account ann chat=1 languages=en
        available ann
        ask german language=de
        +1 ask urgent priority=9 skill=billing
        +119 tick
        accept ann german
        +5 resolve german
        +30 reject ann urgent";

    the_oldest_goes_first_after_the_bounded_wait: story "
        account ann chat=1
        ask old
        +100 ask urgent priority=9
        +20 available ann";

    nobody_is_signed_in_and_then_somebody_is: story "
        account ann chat=1
        ask one
        +5 ask two
        hold banner for=60
        +60 available ann
        +5 offline ann
        away ann
        hold banner for=60";

    going_offline_hands_chats_over: story "
        account ann chat=2
        account bob chat=1
        available ann
        ask first
        accept ann first
        +1 ask second
        accept ann second
        +9 available bob
        +5 away ann
        +5 offline ann
        accept bob first";

    leaving_revokes_reservations_and_moves_seats: story "
        account ann chat=3
        account bob chat=2
        available ann
        ask cleo
        hold banner for=90
        hold other for=60
        available bob
        away ann
        +59 busy bob
        offline bob";

    a_seat_comes_free_for_who_waits: story "
        account ann chat=1
        available ann
        hold banner for=30
        ask cleo
        hold second for=30
        release banner
        accept ann cleo
        +40 resolve cleo
        hold third for=10
        ask dora
        +10 tick
        hold fourth for=0";

    a_closed_account_hands_over_and_less_capacity_keeps_work: story "
        account ann chat=2
        available ann
        ask one
        ask two
        accept ann one
        accept ann two
        account ann chat=1
        ask three
        resolve one
        resolve two
        account bob chat=1
        available bob
        account ann chat=1 closed";

    places_and_waits_are_told_when_they_change: story "
        account ann chat=1
        available ann
        ask r0
        accept ann r0
        ask r1
        ask r2
        ask r3
        +60 resolve r0
        accept ann r1
        +30 abandon r2
        ask r4 priority=5";

    a_request_whose_offer_lost_its_seat_waits_like_any_other: story "
        account ann chat=1 callback=1
        available ann
        hold banner for=10
        +10 ask late offer=banner
        hold second for=60
        ask call callback offer=second";
    offers_share_a_seat_and_whoever_accepts_gets_it: paced "
        account ann chat=2
        account bob chat=1
        available ann
        available bob
        hold first for=300
        hold second for=300
        hold third for=300
        +8 ask cleo offer=second
        accept ann cleo
        +4 release first
        +300 tick";
    an_offer_that_is_left_without_a_seat_loses_its_chat_option: paced "
        account ann chat=1
        available ann
        hold first for=300
        hold second for=300
        +5 ask cleo offer=first
        accept ann cleo
        +1 ask dora offer=second";
    who_waits_gets_the_seat_that_silent_offers_need_no_more: paced "
        account ann chat=1
        available ann
        hold banner for=300
        +5 ask cleo
        +10 tick
        accept ann cleo";
    nobody_is_offered_what_those_who_wait_will_need: paced "
        account ann chat=1
        available ann
        ask cleo
        accept ann cleo
        ask dora
        hold banner for=300";
    going_away_moves_the_offers_that_shared_a_seat: paced "
        account ann chat=1
        account bob chat=1
        available ann
        hold first for=300
        hold second for=300
        available bob
        away ann
        +5 offline bob";
}

#[test]
fn a_full_queue_keeps_requests_out_and_counts_them() {
    let mut settings = RouteSettings {
        queued_max: 1,
        holds_max: 1,
        ..RouteSettings::default()
    };
    settings.pacing.mode = PacingMode::Held;
    insta::assert_snapshot!(story_with(
        settings,
        "account ann chat=2
         available ann
         hold banner for=60
         hold second for=60
         away ann
         ask one
         ask two
         abandon two
         available ann
         ask three"
    ));
}
