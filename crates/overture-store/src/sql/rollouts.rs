//! Revisions of the plan for going live.

use overture_engine::model::{
    IdentifierKind, LinkKey, OutboxItem, Paused, Private, RolloutPlan, RuleRollout, Stage, Tester,
    Timestamp, Unlisted,
};
use serde::{Deserialize, Serialize};

use super::{Db, Row, Value, first, params, tables::OUTBOX};
use crate::{RolloutRevision, RolloutSaved, StoreError, keys::Keys, records::encode_plain};

/// Keeps the sealed test identities apart from other things that the master key seals.
const TESTERS_PURPOSE: &[u8] = b"test identities";

/// The JSON of `rollout.rules`. Fields are only ever added, with defaults.
#[derive(Serialize, Deserialize)]
struct PlanRecord {
    /// `live` or `shadow`.
    unlisted: String,
    rules: Vec<RuleRecord>,
}

#[derive(Serialize, Deserialize)]
struct RuleRecord {
    rule: String,
    /// `shadow`, `test` or `percent`.
    stage: String,
    #[serde(default)]
    percent: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paused_at: Option<i64>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    paused_why: String,
    #[serde(default)]
    audience: String,
    #[serde(default)]
    daily_budget: Option<u32>,
    changed_by: String,
    changed_at: i64,
}

/// The JSON inside `rollout.testers`. Fields are only ever added, with defaults.
#[derive(Serialize, Deserialize)]
struct TesterRecord {
    /// `email` or `user_id`.
    kind: String,
    key: String,
    value: String,
}

const SAVED: &str = "SELECT revision, by_whom, saved_at, note";

pub(crate) fn add(
    db: &mut dyn Db,
    keys: &Keys,
    made: &RolloutRevision,
    alerts: &[OutboxItem],
) -> Result<(), StoreError> {
    let saved = &made.saved;
    let newest = list(db, 1)?.pop().map_or(0, |newest| newest.revision);
    if saved.revision != newest + 1 {
        return Err(StoreError::Conflict {
            what: "the rollouts' revision",
        });
    }
    let rules = serde_json::to_string(&PlanRecord::from(&made.plan)).expect("a plan is text");
    let testers: Vec<TesterRecord> = made.plan.testers.iter().map(TesterRecord::from).collect();
    let testers = serde_json::to_vec(&testers).expect("identities are text");
    db.execute(
        "INSERT INTO rollout (revision, rules, testers, by_whom, saved_at, note) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            saved.revision,
            rules,
            keys.wrap(&testers, TESTERS_PURPOSE),
            saved.by.as_str(),
            saved.at.0,
            saved.note.as_str()
        ],
    )?;
    let rows: Vec<Vec<Value>> = alerts
        .iter()
        .map(|item| {
            vec![
                (*item.delivery.uuid().as_bytes()).into(),
                item.at.0.into(),
                Value::Int(0),
                encode_plain(item).into(),
            ]
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    db.insert(&OUTBOX, rows)
}

pub(crate) fn newest(db: &mut dyn Db, keys: &Keys) -> Result<Option<RolloutRevision>, StoreError> {
    let sql = format!("{SAVED}, rules, testers FROM rollout ORDER BY revision DESC LIMIT 1");
    first(db, &sql, &[])?
        .map(|row| whole(&row, keys))
        .transpose()
}

pub(crate) fn get(
    db: &mut dyn Db,
    keys: &Keys,
    revision: u32,
) -> Result<Option<RolloutRevision>, StoreError> {
    let sql = format!("{SAVED}, rules, testers FROM rollout WHERE revision = ?1");
    first(db, &sql, params![revision])?
        .map(|row| whole(&row, keys))
        .transpose()
}

pub(crate) fn list(db: &mut dyn Db, limit: u32) -> Result<Vec<RolloutSaved>, StoreError> {
    let sql = format!("{SAVED} FROM rollout ORDER BY revision DESC LIMIT ?1");
    db.query(&sql, params![limit])?.iter().map(saved).collect()
}

fn saved(row: &Row) -> Result<RolloutSaved, StoreError> {
    Ok(RolloutSaved {
        revision: row.count(0)? as u32,
        by: row.text(1)?.to_owned(),
        at: Timestamp(row.int(2)?),
        note: row.text(3)?.to_owned(),
    })
}

fn whole(row: &Row, keys: &Keys) -> Result<RolloutRevision, StoreError> {
    let corrupt = |column: &str, error: &dyn std::fmt::Display| StoreError::Corrupt {
        what: format!("rollout.{column}: {error}"),
    };
    let plan: PlanRecord =
        serde_json::from_str(row.text(4)?).map_err(|error| corrupt("rules", &error))?;
    let testers = keys
        .unwrap(row.blob(5)?, TESTERS_PURPOSE)
        .ok_or(StoreError::WrongMasterKey)?;
    let testers: Vec<TesterRecord> =
        serde_json::from_slice(&testers).map_err(|error| corrupt("testers", &error))?;
    let unknown = || corrupt("rules", &"a name that stands for nothing");
    Ok(RolloutRevision {
        saved: saved(row)?,
        plan: RolloutPlan {
            unlisted: match plan.unlisted.as_str() {
                "live" => Unlisted::Live,
                "shadow" => Unlisted::Shadow,
                _ => return Err(unknown()),
            },
            testers: testers
                .into_iter()
                .map(|tester| tester.into_model().ok_or_else(unknown))
                .collect::<Result<_, _>>()?,
            rules: plan
                .rules
                .into_iter()
                .map(|rule| rule.into_model().ok_or_else(unknown))
                .collect::<Result<_, _>>()?,
        },
    })
}

impl From<&RolloutPlan> for PlanRecord {
    fn from(plan: &RolloutPlan) -> Self {
        Self {
            unlisted: match plan.unlisted {
                Unlisted::Live => "live",
                Unlisted::Shadow => "shadow",
            }
            .to_owned(),
            rules: plan.rules.iter().map(RuleRecord::from).collect(),
        }
    }
}

impl From<&RuleRollout> for RuleRecord {
    fn from(rule: &RuleRollout) -> Self {
        Self {
            rule: rule.rule.clone(),
            stage: rule.stage.name().to_owned(),
            percent: match rule.stage {
                Stage::Percent(percent) => percent,
                Stage::Shadow | Stage::Test => 0,
            },
            paused_at: rule.paused.as_ref().map(|paused| paused.at.0),
            paused_why: rule
                .paused
                .as_ref()
                .map(|paused| paused.why.clone())
                .unwrap_or_default(),
            audience: rule.audience.clone(),
            daily_budget: rule.daily_budget,
            changed_by: rule.changed_by.clone(),
            changed_at: rule.changed_at.0,
        }
    }
}

impl RuleRecord {
    fn into_model(self) -> Option<RuleRollout> {
        Some(RuleRollout {
            stage: match self.stage.as_str() {
                "shadow" => Stage::Shadow,
                "test" => Stage::Test,
                "percent" => Stage::Percent(self.percent),
                _ => return None,
            },
            rule: self.rule,
            paused: self.paused_at.map(|at| Paused {
                at: Timestamp(at),
                why: self.paused_why,
            }),
            audience: self.audience,
            daily_budget: self.daily_budget,
            changed_by: self.changed_by,
            changed_at: Timestamp(self.changed_at),
        })
    }
}

impl From<&Tester> for TesterRecord {
    fn from(tester: &Tester) -> Self {
        Self {
            kind: match tester.kind {
                IdentifierKind::UserId => "user_id",
                _ => "email",
            }
            .to_owned(),
            key: format!("{:032x}", tester.key.0),
            value: tester.value.reveal().to_owned(),
        }
    }
}

impl TesterRecord {
    fn into_model(self) -> Option<Tester> {
        Some(Tester {
            kind: match self.kind.as_str() {
                "user_id" => IdentifierKind::UserId,
                "email" => IdentifierKind::Email,
                _ => return None,
            },
            key: LinkKey(u128::from_str_radix(&self.key, 16).ok()?),
            value: Private::new(self.value),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_first_release_wrote_still_reads() {
        let written = r#"{"unlisted":"shadow","rules":[
            {"rule":"a","stage":"percent","percent":10,"paused_at":7,"paused_why":"w","audience":"x","daily_budget":3,"changed_by":"Ada","changed_at":9},
            {"rule":"b","stage":"test","changed_by":"Ada","changed_at":9}]}"#;
        let plan: PlanRecord = serde_json::from_str(written).unwrap();
        let rules: Vec<_> = plan.rules.into_iter().map(RuleRecord::into_model).collect();
        let rule = |rule: &str, stage| RuleRollout {
            rule: rule.to_owned(),
            stage,
            paused: None,
            audience: String::new(),
            daily_budget: None,
            changed_by: "Ada".to_owned(),
            changed_at: Timestamp(9),
        };
        let first = RuleRollout {
            paused: Some(Paused {
                at: Timestamp(7),
                why: "w".to_owned(),
            }),
            audience: "x".to_owned(),
            daily_budget: Some(3),
            ..rule("a", Stage::Percent(10))
        };
        assert_eq!(rules, [Some(first), Some(rule("b", Stage::Test))]);
        let tester = r#"[{"kind":"user_id","key":"0000000000000000000000000000000a","value":"u"}]"#;
        let testers: Vec<TesterRecord> = serde_json::from_str(tester).unwrap();
        let testers: Vec<_> = testers.into_iter().map(TesterRecord::into_model).collect();
        assert_eq!(testers[0].as_ref().map(|one| one.key), Some(LinkKey(10)));
    }
}
