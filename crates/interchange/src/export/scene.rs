//! What stands in a picture: shapes and the edges between them, without places.

use std::collections::BTreeMap;

use motcua_procedures::{Action, Choice, Definition, Role, Step, StepKind, Target, Text, UnitRef};

use super::Language;
use crate::finding::{Place, Report, code, quoted};

/// A picture, or the inside of a sub-process.
#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    pub(super) shapes: Vec<Shape>,
    pub(super) edges: Vec<Edge>,
}

/// Something that flows lead to.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) id: String,
    pub(super) kind: ShapeKind,
    /// Attributes, the name included.
    pub(super) attributes: Vec<(&'static str, String)>,
    /// Explanation.
    pub(super) documentation: Option<String>,
    /// The default edge.
    pub(super) default: Option<usize>,
}

/// What a shape is.
#[derive(Clone, Debug)]
pub(super) enum ShapeKind {
    Start,
    End,
    Task,
    Exclusive,
    Parallel,
    Inclusive,
    /// A sub-process, and whether it runs once for each of many.
    Sub(Box<Scene>, bool),
    /// An event on another shape; a timer when it has a duration.
    Boundary(usize, Option<Duration>),
}

/// A duration in words of BPMN and of ours.
#[derive(Clone, Debug)]
pub(super) struct Duration {
    pub(super) iso: String,
    pub(super) amount: u32,
    pub(super) unit: String,
}

/// A flow.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) id: String,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) attributes: Vec<(&'static str, String)>,
    pub(super) condition: Option<String>,
}

/// Draws the process.
pub(super) fn draw(definition: &Definition, language: Language, report: &mut Report) -> Scene {
    let mut painter = Painter { definition, language, report, numbers: 0 };
    let mut canvas = Canvas::default();
    let start = painter.shape(&mut canvas, "start", ShapeKind::Start, Vec::new());
    let main: Vec<&Step> = definition.steps.iter().filter(|s| s.within.is_none()).collect();
    painter.steps(&mut canvas, &main, None);
    if let Some(first) = canvas.places.get(&definition.start).copied() {
        painter.edge(&mut canvas, start, first, Vec::new());
    }
    canvas.scene
}

/// A scene that is being drawn.
#[derive(Default)]
pub(super) struct Canvas {
    pub(super) scene: Scene,
    /// The shapes of steps.
    pub(super) places: BTreeMap<String, usize>,
}

pub(super) struct Painter<'d, 'r> {
    pub(super) definition: &'d Definition,
    language: Language,
    pub(super) report: &'r mut Report,
    numbers: usize,
}

impl<'d> Painter<'d, '_> {
    /// Steps, and what may be done in each of them; answers lead to the shape `out`.
    pub(super) fn steps(&mut self, canvas: &mut Canvas, steps: &[&'d Step], out: Option<usize>) {
        for step in steps {
            let shape = self.step(canvas, step);
            canvas.places.insert(step.id.clone(), shape);
        }
        for step in steps {
            let shape = canvas.places[&step.id];
            self.actions(canvas, step, shape, out);
        }
    }

    fn step(&mut self, canvas: &mut Canvas, step: &'d Step) -> usize {
        let mut attributes = self.named(&step.name);
        attributes.push(("motcua:id", step.id.clone()));
        if step.within.is_none() {
            attributes.push(("motcua:status", u8::from(step.status).to_string()));
        }
        if step.kind != StepKind::Final {
            if step.kind != StepKind::Task {
                attributes.push(("motcua:kind", word(&step.kind)));
            }
            attributes.push(("motcua:role", step.role.as_str().to_owned()));
            attributes.push(("motcua:unit", unit(step.unit)));
        }
        let (kind, documentation) = match (&step.parallel, step.kind == StepKind::Final) {
            (Some(parallel), _) => {
                let inside = self.inside(step, parallel);
                (ShapeKind::Sub(Box::new(inside.0), false), inside.1)
            }
            (None, true) => (ShapeKind::End, None),
            (None, false) => (ShapeKind::Task, None),
        };
        canvas.scene.shapes.push(Shape {
            id: step.id.clone(),
            kind,
            attributes,
            documentation,
            default: None,
        });
        canvas.scene.shapes.len() - 1
    }

    /// What leads out of a step.
    fn actions(&mut self, canvas: &mut Canvas, step: &'d Step, shape: usize, out: Option<usize>) {
        let timeout = step.timeout.as_ref();
        let is_timeout = |action: &&Action| timeout.is_some_and(|t| t.action == action.id);
        let others: Vec<&Action> = step.actions.iter().filter(|a| !is_timeout(a)).collect();
        let place = At { step, shape, out };
        if let Some(parallel) = &step.parallel {
            self.target(canvas, &place, shape, &parallel.join.target, Vec::new());
            for action in others {
                self.interruption(canvas, &place, action, None);
            }
        } else {
            let source = match others.len() {
                0 | 1 => shape,
                _ => {
                    let gateway = self.shape(canvas, "gateway", ShapeKind::Exclusive, Vec::new());
                    self.edge(canvas, shape, gateway, Vec::new());
                    gateway
                }
            };
            for action in others {
                let attributes = self.of_action(step, action);
                self.target(canvas, &place, source, &action.target, attributes);
            }
        }
        if let Some(timeout) = timeout
            && let Some(action) = step.actions.iter().find(is_timeout)
        {
            let unit = word(&timeout.after.unit);
            let amount = timeout.after.amount;
            let iso = match unit.as_str() {
                "month" => format!("P{amount}M"),
                "working_hour" => format!("PT{amount}H"),
                _ => format!("P{amount}D"),
            };
            self.interruption(canvas, &place, action, Some(Duration { iso, amount, unit }));
        }
    }

    /// An action that ends what is going on in the shape: an event on it.
    fn interruption(
        &mut self,
        canvas: &mut Canvas,
        place: &At<'d>,
        action: &Action,
        duration: Option<Duration>,
    ) {
        if matches!(action.target, Target::Stay) {
            self.not_drawn(place.step, &format!("action {} stays", quoted(&action.id)));
            return;
        }
        let attributes = self.of_action(place.step, action);
        let kind = ShapeKind::Boundary(place.shape, duration);
        let event = self.shape(canvas, "event", kind, attributes);
        let attributes = match &action.answer {
            Some(answer) => hidden(&action.id, Some(answer)),
            None => match action.target {
                Target::Back => hidden(&action.id, None),
                Target::Stay | Target::End | Target::Step(_) | Target::Choice(_) => Vec::new(),
            },
        };
        self.target(canvas, place, event, &action.target, attributes);
    }

    /// An edge to where a target leads, with gateways where it needs them.
    fn target(
        &mut self,
        canvas: &mut Canvas,
        place: &At<'d>,
        from: usize,
        target: &Target,
        mut attributes: Vec<(&'static str, String)>,
    ) {
        match target {
            Target::Stay => {
                attributes.push(("motcua:to", "stay".to_owned()));
                self.edge(canvas, from, place.shape, attributes);
            }
            Target::Back => {
                attributes.push(("motcua:to", "back".to_owned()));
                self.back(canvas, place, from, attributes);
            }
            Target::End => {
                if let Some(out) = place.out {
                    self.edge(canvas, from, out, attributes);
                }
            }
            Target::Step(to) => self.to(canvas, place, from, to, attributes, None),
            Target::Choice(choices) => {
                self.choice(canvas, place, from, choices, attributes);
            }
        }
    }

    fn to(
        &mut self,
        canvas: &mut Canvas,
        place: &At<'d>,
        from: usize,
        to: &str,
        attributes: Vec<(&'static str, String)>,
        condition: Option<String>,
    ) {
        let Some(shape) = canvas.places.get(to).copied() else {
            // Flows do not cross the border of a sub-process.
            self.not_drawn(place.step, &format!("the way to {} leaves the branch", quoted(to)));
            return;
        };
        let edge = self.edge(canvas, from, shape, attributes);
        canvas.scene.edges[edge].condition = condition;
    }

    fn choice(
        &mut self,
        canvas: &mut Canvas,
        place: &At<'d>,
        from: usize,
        choices: &[Choice],
        attributes: Vec<(&'static str, String)>,
    ) {
        if let [only] = choices {
            self.to(canvas, place, from, &only.to, attributes, None);
            return;
        }
        let gateway = self.shape(canvas, "gateway", ShapeKind::Exclusive, Vec::new());
        self.edge(canvas, from, gateway, attributes);
        for choice in choices {
            let before = canvas.scene.edges.len();
            let condition = choice.when.as_ref().map(|when| when.text().to_owned());
            let named = condition.iter().map(|text| ("name", text.clone())).collect();
            let is_default = condition.is_none();
            self.to(canvas, place, gateway, &choice.to, named, condition);
            if is_default && canvas.scene.edges.len() > before {
                canvas.scene.shapes[gateway].default = Some(before);
            }
        }
    }

    /// Back to whichever step was interrupted: a gateway with a flow to each of them.
    fn back(
        &mut self,
        canvas: &mut Canvas,
        place: &At<'d>,
        from: usize,
        attributes: Vec<(&'static str, String)>,
    ) {
        let here = place.step.id.as_str();
        let steps = self.definition.steps.iter();
        let leads_here = |step: &&Step| {
            step.id != here && step.actions.iter().any(|action| names(&action.target, here))
        };
        let shape = |step: &Step| canvas.places.get(&step.id).copied();
        let origins: Vec<usize> = steps.filter(leads_here).filter_map(shape).collect();
        match origins.as_slice() {
            [] => self.not_drawn(place.step, "nothing is interrupted by it"),
            [only] => {
                self.edge(canvas, from, *only, attributes);
            }
            several => {
                let gateway = self.shape(canvas, "gateway", ShapeKind::Exclusive, Vec::new());
                self.edge(canvas, from, gateway, attributes);
                for origin in several {
                    self.edge(canvas, gateway, *origin, hidden("back", None));
                }
            }
        }
    }

    fn not_drawn(&mut self, step: &Step, what: &str) {
        let message = format!("In step {}: {what}; that is not drawn.", quoted(&step.id));
        let remedy = "Read it in the YAML.";
        self.report.note(code::EXPORT_NOT_DRAWN, &Place::default(), message, remedy);
    }

    /// A shape that is no step.
    pub(super) fn shape(
        &mut self,
        canvas: &mut Canvas,
        what: &str,
        kind: ShapeKind,
        attributes: Vec<(&'static str, String)>,
    ) -> usize {
        let id = self.id(what);
        canvas.scene.shapes.push(Shape {
            id,
            kind,
            attributes,
            documentation: None,
            default: None,
        });
        canvas.scene.shapes.len() - 1
    }

    pub(super) fn edge(
        &mut self,
        canvas: &mut Canvas,
        from: usize,
        to: usize,
        attributes: Vec<(&'static str, String)>,
    ) -> usize {
        let id = self.id("flow");
        canvas.scene.edges.push(Edge { id, from, to, attributes, condition: None });
        canvas.scene.edges.len() - 1
    }

    /// Ids of steps begin with a letter, so that none is like these.
    fn id(&mut self, what: &str) -> String {
        self.numbers += 1;
        format!("_{what}_{}", self.numbers)
    }

    /// The name in the language of the picture, and in both.
    pub(super) fn named(&self, text: &Text) -> Vec<(&'static str, String)> {
        let name = match self.language {
            Language::Vi => &text.vi,
            Language::En => &text.en,
        };
        vec![("name", name.clone()), ("motcua:vi", text.vi.clone()), ("motcua:en", text.en.clone())]
    }

    fn of_action(&self, step: &Step, action: &Action) -> Vec<(&'static str, String)> {
        let mut attributes = self.named(&action.name);
        attributes.push(("motcua:action", action.id.clone()));
        attributes.push(("motcua:act", action.act.as_str().to_owned()));
        if action.roles != [step.role] {
            let roles: Vec<&str> = action.roles.iter().copied().map(Role::as_str).collect();
            attributes.push(("motcua:roles", roles.join(" ")));
        }
        if let Some(when) = &action.when {
            attributes.push(("motcua:when", when.text().to_owned()));
        }
        if let Some(answer) = &action.answer {
            attributes.push(("motcua:answer", answer.clone()));
        }
        attributes
    }
}

/// The step whose ways are drawn, its shape, and where its branch ends.
struct At<'d> {
    step: &'d Step,
    shape: usize,
    out: Option<usize>,
}

/// Marks an edge that no reader needs a name for.
fn hidden(action: &str, answer: Option<&str>) -> Vec<(&'static str, String)> {
    let mut attributes = vec![("motcua:action", action.to_owned())];
    attributes.extend(answer.map(|answer| ("motcua:answer", answer.to_owned())));
    attributes
}

fn names(target: &Target, step: &str) -> bool {
    match target {
        Target::Step(to) => to == step,
        Target::Choice(choices) => choices.iter().any(|choice| choice.to == step),
        Target::Stay | Target::Back | Target::End => false,
    }
}

fn unit(unit: UnitRef) -> String {
    word(&unit)
}

/// The word of a definition for a value of a closed list.
fn word<T: serde::Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
