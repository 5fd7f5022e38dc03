//! Visits, identifiers, traits and permission.

use smallvec::SmallVec;

use crate::{
    contact::{beside, call, conversation, offers},
    customer::{Step, reconsider},
    decide::SignalGroups,
    model::*,
    understand::{self, features},
};

/// A visit ends after this long without an event.
pub(super) const SESSION_GAP: Millis = Millis::from_secs(30 * 60);

/// The widget began or went on with a visit.
pub(super) fn started(
    step: &mut Step<'_>,
    started: &SessionStarted,
    source: Option<SourceId>,
) -> Reply {
    step.state.last_seen_at = step.at;
    if let Some(zone) = &started.time_zone {
        step.state.permission.time_zone = Some(zone.clone());
    }
    if let Some(language) = &started.language {
        step.state.permission.language = Some(language.clone());
    }
    remember(
        &mut step.state.browsers,
        Browser {
            device: started.device,
            anonymous: started.anonymous,
        },
    );
    let session = current(step, Some(started.device));
    session.level = started.level;
    session.device = Some(started.device);
    session.source = source;
    let session = session.session;
    reconsider(step, SignalGroups::PAGE | SignalGroups::IDENTITY);
    Reply::Session {
        customer: step.state.customer,
        session,
        timeline_seq: step.state.timeline_seq,
    }
}

/// The browser that an event comes from: the asking session's, else the one whose events come
/// by the same link, else the one last used.
pub(super) fn browser(state: &mut CustomerState, event: &CustomerEvent) -> Option<LinkKey> {
    if let Some(asker) = event.asker {
        return Some(asker.device);
    }
    let known = event.link.and_then(|link| {
        let is_it = |browser: &Browser| browser.anonymous == Some(link) || browser.device == link;
        state.browsers.iter().copied().find(is_it)
    });
    if let Some(known) = known {
        remember(&mut state.browsers, known);
    }
    let last = state.browsers.last().map(|browser| browser.device);
    last.or_else(|| state.session.as_ref()?.device)
}

/// Puts a browser last, and forgets the one that was not used for longest.
pub(super) fn remember(browsers: &mut SmallVec<[Browser; 1]>, used: Browser) {
    browsers.retain(|known| known.device != used.device);
    if browsers.len() == BROWSERS_MAX {
        browsers.remove(0);
    }
    browsers.push(used);
}

/// Keeps the visit and the open page up to date with something done on a page; says what
/// changed by that.
pub(super) fn touch(step: &mut Step<'_>, behaviour: &Behaviour) -> SignalGroups {
    let at = step.at;
    let before = step.state.visits;
    let session = current(step, None);
    if let Behaviour::PageView { path, .. } = behaviour {
        session.path.clone_from(path);
        session.path_since = at;
    }
    if step.state.visits == before {
        SignalGroups::NONE
    } else {
        SignalGroups::PAGE | SignalGroups::IDENTITY
    }
}

/// The visit under way, or a new one after the gap, or in another browser.
fn current<'s>(step: &'s mut Step<'_>, device: Option<LinkKey>) -> &'s mut Session {
    let at = step.at;
    let goes_on = step.state.session.as_ref().is_some_and(|session| {
        let same_browser = device.is_none() || session.device.is_none() || session.device == device;
        at.since(session.last_at) <= SESSION_GAP && same_browser
    });
    if !goes_on {
        let ordinal = step.ordinal();
        step.state.visits += 1;
        features::begin_session(&mut step.state.features, at);
        step.state.session = Some(Session {
            session: InteractionId::derive(at, step.seq, ordinal),
            started_at: at,
            last_at: at,
            level: identity_level(step.state),
            device,
            path: String::new(),
            path_since: at,
            source: None,
            issue: None,
        });
    }
    let session = step
        .state
        .session
        .as_mut()
        .expect("set just above when it was not there");
    session.last_at = at;
    session
}

/// How far a new visit without the widget is proven: a claim by the page at most.
fn identity_level(state: &CustomerState) -> IdentityLevel {
    let named = state.links.iter().any(|link| !link.kind.names_a_browser());
    if named {
        IdentityLevel::Claimed
    } else {
        IdentityLevel::Anonymous
    }
}

/// Identifiers and traits became known.
pub(super) fn identified(
    step: &mut Step<'_>,
    identifiers: &[Identifier],
    traits: &[(String, Private)],
) -> Reply {
    step.state.last_seen_at = step.at;
    let mut kinds = Vec::new();
    for identifier in identifiers {
        let news = learn(step.state, identifier);
        if news {
            kinds.push(identifier.kind);
        }
        // A browser may come back after it was somebody else's: its link is written again.
        if news || identifier.kind.names_a_browser() {
            let link = IdentityLink {
                identifier: identifier.clone(),
                customer: step.state.customer,
                linked_at: step.at,
            };
            step.effect(Effect::Link(link));
        }
    }
    let named = kinds.iter().any(|kind| !kind.names_a_browser());
    if named {
        step.timeline(Audience::Staff, TimelineBody::Identified { kinds });
        if let Some(session) = &mut step.state.session {
            session.level = session.level.max(IdentityLevel::Claimed);
        }
    }
    for (name, value) in traits {
        let customer = step.state.customer;
        step.effect(Effect::Trait {
            customer,
            name: name.clone(),
            value: value.clone(),
        });
    }
    Reply::Done
}

/// Remembers an identifier; whether that was news.
fn learn(state: &mut CustomerState, identifier: &Identifier) -> bool {
    match state
        .links
        .iter_mut()
        .find(|link| link.key == identifier.key)
    {
        Some(known) if known.level >= identifier.level => false,
        Some(known) => {
            known.level = identifier.level;
            true
        }
        None => {
            state.links.push(KnownLink {
                kind: identifier.kind,
                key: identifier.key,
                level: identifier.level,
            });
            true
        }
    }
}

/// The customer allowed or refused a purpose. Saying the same again changes nothing.
pub(super) fn consent(
    step: &mut Step<'_>,
    purpose: Purpose,
    granted: bool,
    by: ConsentSource,
) -> Reply {
    let consent = if granted {
        Consent::Granted
    } else {
        Consent::Denied
    };
    let permission = &mut step.state.permission;
    let before = match purpose {
        Purpose::AnalyseBehaviour => std::mem::replace(&mut permission.analyse_behaviour, consent),
        Purpose::Contact => std::mem::replace(&mut permission.contact, consent),
        Purpose::AnalyseVoice => std::mem::replace(&mut permission.analyse_voice, consent),
    };
    if before == consent {
        return Reply::Done;
    }
    step.timeline(
        Audience::Staff,
        TimelineBody::Consent {
            purpose,
            granted,
            by,
        },
    );
    if !granted {
        match purpose {
            Purpose::AnalyseBehaviour => forget_behaviour(step),
            Purpose::Contact => offers::withdraw(step),
            Purpose::AnalyseVoice => {}
        }
    }
    if purpose == Purpose::AnalyseVoice {
        call::permitted(step, granted);
    }
    reconsider(step, SignalGroups::ALL);
    Reply::Done
}

/// What was learned from behaviour goes with the permission for it.
fn forget_behaviour(step: &mut Step<'_>) {
    step.state.features = Features::new(step.at);
    step.state.need = NeedState::default();
    step.state.trail.clear();
    understand::issue::forget(step.state);
    beside::each(step, |step| {
        if step.state.conversation.is_some() {
            conversation::touch(step);
        }
    });
    offers::withdraw(step);
}
