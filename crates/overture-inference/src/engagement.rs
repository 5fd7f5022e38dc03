//! The engagement score as a logistic function over a weighted sum of behaviour.

use overture_engine::{
    model::{Contribution, EngagementScore, Probability},
    understand::{EngagementInputs, EngagementModel, FACTORS, Factor},
};
use serde::Deserialize;

const NAME: &str = "engagement-1";
const SHIPPED: &str = include_str!("../../../models/engagement-1.toml");

/// Why a model file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It is not a model file.
    #[error("cannot read the model file")]
    Unreadable(#[source] toml::de::Error),
    /// It is another model.
    #[error("expected the model {expected}, the file says {found}")]
    WrongName {
        /// The wanted name.
        expected: &'static str,
        /// The file's name.
        found: String,
    },
    /// It names a factor that does not exist, or one twice.
    #[error("the factor {0} is unknown or given twice")]
    Factor(String),
    /// A number in it is not finite, or a `half` is missing or not above zero.
    #[error("the factor {0} has a number that cannot be used")]
    Number(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    intercept: f64,
    factor: Vec<FileFactor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileFactor {
    name: String,
    weight: f64,
    transform: FileTransform,
    half: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FileTransform {
    Log1p,
    Saturate,
}

/// What a value goes through before it is weighed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Transform {
    /// `ln(1 + value)`.
    Log1p,
    /// `value / (value + half)`.
    Saturate(f64),
}

impl Transform {
    fn of(self, value: f64) -> f64 {
        if value <= 0.0 {
            return 0.0;
        }
        match self {
            Transform::Log1p => libm::log1p(value),
            Transform::Saturate(half) => value / (value + half),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Term {
    weight: f64,
    transform: Transform,
}

/// `p = 1 / (1 + exp(-(intercept + sum of weight * transform(value))))`.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    name: &'static str,
    intercept: f64,
    terms: [Term; FACTORS],
}

impl Logistic {
    /// The model that ships with the binary.
    pub fn shipped() -> Self {
        Self::parse(NAME, SHIPPED).expect("the shipped model is valid: a test reads it")
    }

    /// Reads the model `name` from its file. A factor that the file leaves out weighs
    /// nothing.
    ///
    /// # Errors
    /// [`ModelError`] for anything that is not a model of that name with known factors
    /// and usable numbers.
    pub fn parse(name: &'static str, toml: &str) -> Result<Self, ModelError> {
        let file: File = toml::from_str(toml).map_err(ModelError::Unreadable)?;
        if file.name != name {
            return Err(ModelError::WrongName {
                expected: name,
                found: file.name,
            });
        }
        if !file.intercept.is_finite() {
            return Err(ModelError::Number("intercept".to_owned()));
        }
        let mut terms = [None; FACTORS];
        for factor in file.factor {
            let place = Factor::ALL
                .iter()
                .position(|known| known.name() == factor.name)
                .filter(|place| terms[*place].is_none())
                .ok_or_else(|| ModelError::Factor(factor.name.clone()))?;
            let transform = match (factor.transform, factor.half) {
                (FileTransform::Log1p, None) => Transform::Log1p,
                (FileTransform::Saturate, Some(half)) if half > 0.0 && half.is_finite() => {
                    Transform::Saturate(half)
                }
                _ => return Err(ModelError::Number(factor.name)),
            };
            if !factor.weight.is_finite() {
                return Err(ModelError::Number(factor.name));
            }
            terms[place] = Some(Term {
                weight: factor.weight,
                transform,
            });
        }
        let nothing = Term {
            weight: 0.0,
            transform: Transform::Log1p,
        };
        Ok(Self {
            name,
            intercept: file.intercept,
            terms: terms.map(|term| term.unwrap_or(nothing)),
        })
    }

    fn contribution(&self, inputs: &EngagementInputs, factor: Factor) -> f64 {
        let term = &self.terms[factor as usize];
        term.weight * term.transform.of(inputs.get(factor))
    }

    fn log_odds(&self, inputs: &EngagementInputs) -> f64 {
        Factor::ALL.iter().fold(self.intercept, |sum, factor| {
            sum + self.contribution(inputs, *factor)
        })
    }
}

impl EngagementModel for Logistic {
    fn name(&self) -> &'static str {
        self.name
    }

    fn probability(&self, inputs: &EngagementInputs) -> f64 {
        logistic(self.log_odds(inputs))
    }

    fn score(&self, inputs: &EngagementInputs) -> EngagementScore {
        let mut contributions: Vec<Contribution> = Factor::ALL
            .iter()
            .map(|factor| Contribution {
                factor: factor.name(),
                value: inputs.get(*factor),
                weight: self.terms[*factor as usize].weight,
                contribution: self.contribution(inputs, *factor),
            })
            .filter(|one| one.contribution != 0.0)
            .collect();
        contributions.sort_by(|one, other| {
            let size = |one: &Contribution| one.contribution.abs();
            size(other).total_cmp(&size(one))
        });
        EngagementScore {
            score: Probability::new(self.probability(inputs))
                .expect("finite inputs and weights give a probability"),
            intercept: self.intercept,
            contributions,
            model: self.name,
        }
    }
}

fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}
