//! Numbers: constants, parameters, arithmetic, and the probability that a lifetime is over.

use super::collect::{Definitions, no_text};
use super::problem::{Problems, shown};
use super::xml::{Document, Element};

/// How many parameters may refer to each other in a row.
const DEEPEST: usize = 100;

/// What is known of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    Not,
    /// It is being computed: to meet it again is a cycle.
    Open,
    Value(Option<f64>),
}

/// Computes expressions of one file.
#[derive(Debug)]
pub(super) struct Expressions<'a> {
    document: &'a Document,
    definitions: &'a Definitions<'a>,
    mission_time: f64,
    known: Vec<Known>,
    chain: Vec<usize>,
    pub(super) used: Vec<bool>,
}

impl<'a> Expressions<'a> {
    pub(super) fn new(document: &'a Document, definitions: &'a Definitions<'a>, mission_time: f64) -> Self {
        let count = definitions.parameters.len();
        Expressions {
            document,
            definitions,
            mission_time,
            known: vec![Known::Not; count],
            chain: vec![],
            used: vec![false; count],
        }
    }

    /// The value of a parameter; what is wrong is reported once.
    pub(super) fn parameter(&mut self, number: usize, problems: &mut Problems<'_>) -> Option<f64> {
        let definition = &self.definitions.parameters[number];
        match self.known[number] {
            Known::Value(value) => return value,
            Known::Open => {
                let begin = self.chain.iter().position(|&other| other == number).unwrap_or(0);
                let mut names: Vec<String> =
                    self.chain[begin..].iter().map(|&at| shown(self.definitions.parameters[at].name)).collect();
                names.push(shown(definition.name));
                problems.error(definition.at, format!("parameters depend on each other: {}", names.join(" → ")));
                return None;
            }
            Known::Not => {}
        }
        if self.chain.len() >= DEEPEST {
            problems.error(definition.at, format!("more than {DEEPEST} parameters refer to each other in a row"));
            return None;
        }
        self.known[number] = Known::Open;
        self.chain.push(number);
        let value = definition.body.and_then(|body| self.value(body, &definition.base, problems));
        self.chain.pop();
        self.known[number] = Known::Value(value);
        value
    }

    /// The value of an expression in the container `base`.
    pub(super) fn value(&mut self, element: &Element, base: &str, problems: &mut Problems<'_>) -> Option<f64> {
        no_text(element, problems);
        let name = element.name.as_str();
        match name {
            "float" | "int" => return literal(element, problems),
            "bool" => return super::formula::constant(element, problems).map(|value| f64::from(u8::from(value))),
            "system-mission-time" => return Some(self.mission_time),
            "parameter" => {
                let reference = element.attribute("name").unwrap_or("");
                return match self.definitions.names.find(base, reference, true) {
                    Ok(target) => {
                        self.used[target.number] = true;
                        self.parameter(target.number, problems)
                    }
                    Err(message) => {
                        problems.error(element.at, format!("parameter {message}"));
                        None
                    }
                };
            }
            _ => {}
        }
        let wanted = match name {
            "neg" | "exp" | "log" | "sqrt" => 1..=1,
            "exponential" | "div" | "pow" => 2..=2,
            "sub" => 2..=usize::MAX,
            "GLM" | "Weibull" => 4..=4,
            "add" | "mul" | "min" | "max" | "mean" => 1..=usize::MAX,
            _ => {
                problems.error(element.at, format!("the expression <{}> is unknown or not supported", shown(name)));
                return None;
            }
        };
        let count = element.children.len();
        if !wanted.contains(&count) {
            problems.error(element.at, format!("<{name}> has {count} arguments, not {}", wanted.start()));
            return None;
        }
        let document = self.document;
        let arguments: Vec<Option<f64>> =
            document.children(element).map(|child| self.value(child, base, problems)).collect();
        let arguments: Vec<f64> = arguments.into_iter().collect::<Option<_>>()?;
        let value = compute(name, &arguments).map_err(|what| problems.error(element.at, what)).ok()?;
        if value.is_finite() {
            return Some(value);
        }
        problems.error(element.at, format!("<{name}> gives no finite number"));
        None
    }
}

fn literal(element: &Element, problems: &mut Problems<'_>) -> Option<f64> {
    let text = element.attribute("value").unwrap_or("");
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && text.ends_with(|c: char| c.is_ascii_digit() || c == '.') => Some(value),
        _ => {
            problems.error(element.at, format!("`{}` is not a number", shown(text)));
            None
        }
    }
}

fn compute(name: &str, of: &[f64]) -> Result<f64, String> {
    let not_negative = |which: usize, what: &str| {
        if of[which] < 0.0 { Err(format!("the {what} of <{name}> is negative: {}", of[which])) } else { Ok(of[which]) }
    };
    Ok(match name {
        "neg" => -of[0],
        "exp" => of[0].exp(),
        "log" => of[0].ln(),
        "sqrt" => of[0].sqrt(),
        "div" => of[0] / of[1],
        "pow" => of[0].powf(of[1]),
        "add" => of.iter().sum(),
        "mul" => of.iter().product(),
        "sub" => of[1..].iter().fold(of[0], |rest, value| rest - value),
        "min" => of.iter().copied().fold(f64::INFINITY, f64::min),
        "max" => of.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "mean" => of.iter().sum::<f64>() / of.len() as f64,
        // 1 - exp(-rate * time)
        "exponential" => -(-not_negative(0, "rate")? * not_negative(1, "time")?).exp_m1(),
        // gamma: fails on demand; lambda: rate of failures; mu: rate of repairs; time.
        "GLM" => {
            let (gamma, lambda, mu, time) = (
                not_negative(0, "probability on demand")?,
                not_negative(1, "rate of failures")?,
                not_negative(2, "rate of repairs")?,
                not_negative(3, "time")?,
            );
            if gamma > 1.0 {
                return Err(format!("the probability on demand of <GLM> is above 1: {gamma}"));
            }
            let both = lambda + mu;
            if both == 0.0 { gamma } else { (lambda - (lambda - gamma * both) * (-both * time).exp()) / both }
        }
        // scale, shape, time of beginning, time.
        "Weibull" => {
            let (scale, shape) = (not_negative(0, "scale")?, not_negative(1, "shape")?);
            let (begin, time) = (not_negative(2, "beginning")?, not_negative(3, "time")?);
            if scale == 0.0 || shape == 0.0 {
                return Err("the scale and the shape of <Weibull> must be above 0".into());
            }
            if time <= begin { 0.0 } else { -(-((time - begin) / scale).powf(shape)).exp_m1() }
        }
        _ => return Err(format!("the expression <{}> is unknown or not supported", shown(name))),
    })
}
