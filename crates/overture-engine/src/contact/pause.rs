//! Smart Pause as facts: a page said it can be paused, a pause began, ended or failed.
//!
//! The page's draft stays in the browser. Pausing needs no grant, since no agent is reached.

use crate::{customer::Step, model::*};

/// A page said whether it can be paused.
pub(crate) fn pausable(step: &mut Step<'_>, path: &str, pausable: bool) -> Reply {
    let state = step.state.smart_pause.get_or_insert_default();
    if pausable {
        state.pausable = Some(path.to_owned());
    } else if state.pausable.as_deref() == Some(path) {
        state.pausable = None;
    }
    Reply::Done
}

/// A pause began, ended or failed. Each is told once, however often it is reported.
pub(crate) fn changed(step: &mut Step<'_>, key: u64, path: &str, change: PauseChange) -> Reply {
    let at = step.at;
    let state = step.state.smart_pause.get_or_insert_default();
    if state.ended == key {
        return Reply::Duplicate;
    }
    let mine = state.current.filter(|(current, _)| *current == key);
    let mut lasted = None;
    match change {
        PauseChange::Started if mine.is_some() => return Reply::Duplicate,
        PauseChange::Started => state.current = Some((key, at)),
        PauseChange::Resumed { .. } | PauseChange::Failed(_) => {
            lasted = mine.map(|(_, since)| at.since(since));
            if mine.is_some() {
                state.current = None;
            }
            state.ended = key;
        }
    }
    step.state.last_seen_at = at;
    step.flush_trail();
    step.timeline(
        Audience::Staff,
        TimelineBody::Pause {
            path: path.to_owned(),
            change,
            lasted,
        },
    );
    Reply::Done
}
