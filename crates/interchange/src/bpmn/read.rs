//! From elements to the graph.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Flow, Graph, Kind, Node, Sub};
use super::marks::{action_facts, facts, foreign, is_role, lanes};
use super::{CEL, MODEL, OURS, timer};
use crate::finding::{Place, Report, code, quoted};
use crate::outline::{Condition, Ids, Label, Span, id_of, step_id_of};
use crate::xml::Element;

/// The graph of a process.
pub(super) fn graph(root: &Element, process: &Element, report: &mut Report) -> Graph {
    let roles = lanes(process);
    let mut builder = Builder {
        graph: Graph::default(),
        ids: Ids::default(),
        roles,
        left_out: BTreeSet::new(),
        report,
    };
    builder.duplicates(process);
    let path = place_of("/definitions", process);
    let scope = Scope { path, prefix: String::new(), sub: None, lanes: Vec::new() };
    builder.scope(process, &scope);
    builder.beside(root, process);
    builder.graph
}

/// `path` and an element with its id.
pub(super) fn place_of(path: &str, element: &Element) -> String {
    match element.get("id") {
        Some(id) => format!("{path}/{}[@id='{id}']", element.name),
        None => format!("{path}/{}", element.name),
    }
}

/// The name of an element; exports of ours have both languages.
pub(super) fn label(element: &Element) -> Label {
    let named = Label::of(element.get("name").unwrap_or_default());
    let in_language = |language| element.get_in(OURS, language).map(str::to_owned);
    Label { vi: in_language("vi").or(named.vi), en: in_language("en").or(named.en) }
}

/// A process or sub-process whose elements are read.
struct Scope {
    path: String,
    prefix: String,
    sub: Option<usize>,
    /// Lanes in which a sub-process lies: those of what is in it, unless that has its own.
    lanes: Vec<String>,
}

struct Builder<'r> {
    graph: Graph,
    ids: Ids,
    roles: BTreeMap<String, Vec<String>>,
    /// Ids of what was left out: a finding says so already.
    left_out: BTreeSet<String>,
    report: &'r mut Report,
}

/// Most names of foreign parts that one finding lists.
const FOREIGN_MAX: usize = 10;

/// Longest id that gets that of its sub-process before it, bytes.
const PREFIXED_BYTES_MAX: usize = 60;

/// Elements of a process that say nothing about its course.
const SILENT: [&str; 14] = [
    "incoming",
    "outgoing",
    "documentation",
    "extensionElements",
    "laneSet",
    "textAnnotation",
    "association",
    "group",
    "ioSpecification",
    "property",
    "multiInstanceLoopCharacteristics",
    "standardLoopCharacteristics",
    "auditing",
    "monitoring",
];

fn is_silent(name: &str) -> bool {
    SILENT.contains(&name) || name.ends_with("EventDefinition")
}

impl Builder<'_> {
    fn scope(&mut self, element: &Element, scope: &Scope) {
        let mut local: BTreeMap<&str, usize> = BTreeMap::new();
        let is_ours = |child: &&Element| child.namespace == MODEL;
        let later = |child: &Element| child.name == "boundaryEvent" || child.name == "sequenceFlow";
        for child in element.children.iter().filter(is_ours).filter(|child| !later(child)) {
            if let Some((enter, leave)) = self.node(child, scope) {
                let id = child.get("id").unwrap_or_default();
                local.entry(id).or_insert(enter);
                // Flows out of a sub-process leave at its other end.
                debug_assert!(enter <= leave);
            }
        }
        for child in element.children.iter().filter(is_ours) {
            if child.name == "boundaryEvent" {
                self.boundary(child, scope, &mut local);
            }
        }
        for child in element.children.iter().filter(is_ours) {
            if child.name == "sequenceFlow" {
                self.flow(child, scope, &local);
            }
        }
        self.defaults(element, &local);
        self.starts(element, scope, &local);
    }

    /// Reads a flow node; gives the nodes at which flows enter and leave it.
    fn node(&mut self, element: &Element, scope: &Scope) -> Option<(usize, usize)> {
        if element.get("isForCompensation") == Some("true") {
            self.unsupported(element, scope, "It only undoes; it is left out.");
            return None;
        }
        let kind = match element.name.as_str() {
            "startEvent" => {
                self.trigger(element, scope);
                if scope.sub.is_some() { Kind::Pass } else { Kind::Start }
            }
            "endEvent" => self.end(element, scope),
            "task" | "userTask" | "manualTask" => Kind::Task,
            "serviceTask" | "scriptTask" => {
                self.automatic(element, scope);
                Kind::Task
            }
            "sendTask" | "receiveTask" | "businessRuleTask" | "callActivity" => {
                self.declined(element, scope, "It is kept as a task.");
                Kind::Task
            }
            "exclusiveGateway" => Kind::Exclusive,
            "parallelGateway" => Kind::Parallel,
            "inclusiveGateway" => Kind::Inclusive,
            "eventBasedGateway" => {
                if element.get("eventGatewayType") == Some("Parallel") {
                    let what = "It waits for all of its events; it is kept as waiting for one.";
                    self.declined(element, scope, what);
                }
                Kind::EventBased
            }
            "complexGateway" => {
                self.declined(element, scope, "It is kept as an exclusive gateway.");
                Kind::Exclusive
            }
            "intermediateCatchEvent" => self.caught(element, scope),
            "intermediateThrowEvent" => {
                if definition(element).is_some() {
                    self.no_equivalent(element, scope, "what it throws");
                }
                Kind::Pass
            }
            "subProcess" | "transaction" | "adHocSubProcess" => {
                return self.sub(element, scope);
            }
            "dataObject" | "dataObjectReference" | "dataStoreReference" => {
                self.no_equivalent(element, scope, "data: fields belong into `form`");
                return None;
            }
            name if is_silent(name) => return None,
            _ => {
                self.unsupported(element, scope, "It is left out.");
                return None;
            }
        };
        if matches!(kind, Kind::Task) {
            self.loops(element, scope, false);
        }
        let node = self.add(element, scope, kind);
        Some((node, node))
    }

    fn add(&mut self, element: &Element, scope: &Scope, kind: Kind) -> usize {
        let source = element.get("id").unwrap_or_default();
        let wanted = match element.get_in(OURS, "id") {
            Some(id) => step_id_of(id),
            // Long ids of nested sub-processes would lose their end, which tells them apart.
            None if scope.prefix.len() + source.len() > PREFIXED_BYTES_MAX => step_id_of(source),
            None => step_id_of(&format!("{}{source}", scope.prefix)),
        };
        // The way out of a sub-process is no element of its own.
        let is_own = !matches!(kind, Kind::Leave(_));
        if is_own {
            self.foreign(element, scope);
        }
        let id = if is_own { self.ids.take(wanted) } else { wanted };
        let named = element.get("name").map(str::trim).filter(|name| !name.is_empty());
        self.graph.nodes.push(Node {
            id,
            called: named.unwrap_or(source).to_owned(),
            at: self.place(element, scope),
            name: label(element),
            kind,
            roles: self.roles_of(element, scope),
            facts: facts(element),
            outgoing: Vec::new(),
            incoming: Vec::new(),
            default: None,
            boundary: Vec::new(),
        });
        self.graph.nodes.len() - 1
    }

    fn sub(&mut self, element: &Element, scope: &Scope) -> Option<(usize, usize)> {
        if element.name != "subProcess" || element.get("triggeredByEvent") == Some("true") {
            self.unsupported(element, scope, "It is left out with all that is in it.");
            return None;
        }
        let is_flow_node = |child: &Element| {
            child.namespace == MODEL && child.get("id").is_some() && !is_silent(&child.name)
        };
        if !element.children.iter().any(is_flow_node) {
            self.no_equivalent(element, scope, "a sub-process without content: it becomes a task");
            let node = self.add(element, scope, Kind::Task);
            return Some((node, node));
        }
        let is_multiple = self.loops(element, scope, true);
        let index = self.graph.subs.len();
        let enter = self.add(element, scope, Kind::Enter(index));
        let leave = self.add(element, scope, Kind::Leave(index));
        self.graph.subs.push(Sub { enter, leave, is_multiple });
        let id = element.get("id").unwrap_or_default();
        let prefix = format!("{}{id}.", scope.prefix);
        let path = place_of(&scope.path, element);
        let lanes = self.lanes_of(element, scope);
        self.scope(element, &Scope { path, prefix, sub: Some(index), lanes });
        Some((enter, leave))
    }

    /// Looks at repetition; says whether the element runs once for each of many.
    fn loops(&mut self, element: &Element, scope: &Scope, may_be_multiple: bool) -> bool {
        if element.child("standardLoopCharacteristics").is_some() {
            let what = "It repeats by a marker: draw the way back instead.";
            self.declined(element, scope, what);
        }
        let multiple = element.child("multiInstanceLoopCharacteristics");
        let in_order = multiple.and_then(|found| found.get("isSequential")) == Some("true");
        if multiple.is_some() && (!may_be_multiple || in_order) {
            let what = "Many instances are only read of a sub-process that is a branch, at the \
                        same time.";
            self.declined(element, scope, what);
        }
        multiple.is_some() && may_be_multiple && !in_order
    }

    fn end(&mut self, element: &Element, scope: &Scope) -> Kind {
        let throws = definition(element).map(|found| found.name.as_str());
        match throws {
            None | Some("terminateEventDefinition") => {}
            // It leaves the sub-process another way than by its end.
            Some(
                "errorEventDefinition" | "cancelEventDefinition" | "compensateEventDefinition",
            ) if scope.sub.is_some() => {
                self.declined(element, scope, "It is kept as an end of the whole.");
                return Kind::End;
            }
            Some(_) => self.no_equivalent(element, scope, "what the end event throws"),
        }
        if scope.sub.is_some() { Kind::Pass } else { Kind::End }
    }

    fn caught(&mut self, element: &Element, scope: &Scope) -> Kind {
        match definition(element) {
            Some(found) if found.name == "timerEventDefinition" => {
                Kind::Timer(self.time(element, found, scope))
            }
            Some(found) if found.name == "linkEventDefinition" => {
                self.declined(element, scope, "Draw the flow instead of a link.");
                Kind::Message
            }
            Some(_) | None => Kind::Message,
        }
    }

    fn boundary<'x>(
        &mut self,
        element: &'x Element,
        scope: &Scope,
        local: &mut BTreeMap<&'x str, usize>,
    ) {
        let host = element.get("attachedToRef").and_then(|id| local.get(id)).copied();
        let Some(host) = host else {
            let message = format!("The boundary event {} lies on nothing.", called(element));
            let remedy = "Attach it to a task or sub-process.";
            let place = self.place(element, scope);
            self.report.note(code::IMPORT_DANGLING_STATE, &place, message, remedy);
            return;
        };
        if !matches!(self.graph.nodes[host].kind, Kind::Task | Kind::Enter(_)) {
            self.unsupported(element, scope, "Only events on tasks and sub-processes are.");
            return;
        }
        let found = definition(element);
        let name = found.map(|found| found.name.as_str()).unwrap_or_default();
        let known = [
            "timerEventDefinition",
            "messageEventDefinition",
            "signalEventDefinition",
            "conditionalEventDefinition",
            "escalationEventDefinition",
        ];
        if element.get("cancelActivity") == Some("false") || !known.contains(&name) {
            self.unsupported(
                element,
                scope,
                "Only events that interrupt, by time or message, are.",
            );
            return;
        }
        let time = found.filter(|found| found.name == "timerEventDefinition");
        let time = time.and_then(|found| self.time(element, found, scope));
        let is_timer = name == "timerEventDefinition";
        let time = time.or(is_timer.then(|| Span { amount: None, unit: None, source: "?".into() }));
        let node = self.add(element, scope, Kind::Boundary(host, time));
        self.graph.nodes[host].boundary.push(node);
        local.insert(element.get("id").unwrap_or_default(), node);
    }

    /// The duration of a timer; everything else is reported.
    fn time(&mut self, element: &Element, found: &Element, scope: &Scope) -> Option<Span> {
        let duration = found.child("timeDuration");
        let read = duration.and_then(|found| timer::duration(&found.text));
        let Some(mut span) = read else {
            let text = found.children.first().map_or("", |child| child.text.trim());
            let message =
                format!("The timer of {} is no duration: {}.", called(element), quoted(text));
            let remedy = "Write a timeDuration of ISO 8601, such as P30D.";
            let place = self.place(element, scope);
            self.report.note(code::IMPORT_TIMER, &place, message, remedy);
            return None;
        };
        if let Some(unit) = duration.and_then(|found| found.get_in(OURS, "unit")) {
            span.unit = Some(id_of(unit));
            let amount = duration.and_then(|found| found.get_in(OURS, "amount"));
            span.amount = amount.and_then(|amount| amount.parse().ok());
        }
        Some(span)
    }

    fn flow(&mut self, element: &Element, scope: &Scope, local: &BTreeMap<&str, usize>) {
        let end = |key| element.get(key).and_then(|id| local.get(id)).copied();
        let (source, target) = (end("sourceRef"), end("targetRef"));
        let (Some(from), Some(to)) = (source, target) else {
            let (from, to) = (element.get("sourceRef"), element.get("targetRef"));
            let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
            let is_told = |node: Option<usize>, id| node.is_some() || self.left_out.contains(id);
            if is_told(source, from) && is_told(target, to) {
                self.graph.orphans.extend(target);
                return;
            }
            let message = format!(
                "The flow {} leads from {} to {}: one of them is not there.",
                called(element),
                quoted(from),
                quoted(to)
            );
            let remedy = "Draw it between two elements of the same process or sub-process.";
            let place = self.place(element, scope);
            self.report.note(code::IMPORT_DANGLING_STATE, &place, message, remedy);
            return;
        };
        let from = match self.graph.nodes[from].kind.entered() {
            Some(sub) => self.graph.subs[sub].leave,
            None => from,
        };
        self.connect(element, scope, from, to);
    }

    fn connect(&mut self, element: &Element, scope: &Scope, from: usize, to: usize) -> usize {
        self.foreign(element, scope);
        let flow = self.graph.flows.len();
        let named = element.get("name").map(str::trim).filter(|name| !name.is_empty());
        let condition = element.child("conditionExpression").map(|found| {
            let text = found.text.trim().to_owned();
            match found.get("language") == Some(CEL) {
                true => Condition::Ours(text),
                false => Condition::Foreign(text),
            }
        });
        self.graph.flows.push(Flow {
            called: named.or(element.get("id")).unwrap_or_default().to_owned(),
            named: named.is_some(),
            at: self.place(element, scope),
            name: label(element),
            from,
            to,
            condition,
            action: action_facts(element),
        });
        self.graph.nodes[from].outgoing.push(flow);
        self.graph.nodes[to].incoming.push(flow);
        flow
    }

    fn defaults(&mut self, element: &Element, local: &BTreeMap<&str, usize>) {
        for child in &element.children {
            let (Some(flow), Some(node)) = (child.get("default"), child.get("id")) else {
                continue;
            };
            let Some(node) = local.get(node).copied() else {
                continue;
            };
            let end = format!("[@id='{flow}']");
            let outgoing = self.graph.nodes[node].outgoing.iter().copied();
            let found =
                outgoing.into_iter().find(|at| self.graph.flows[*at].at.path.ends_with(&end));
            self.graph.nodes[node].default = found;
        }
    }

    /// Where the process, or a sub-process, begins; where a sub-process ends.
    fn starts(&mut self, element: &Element, scope: &Scope, local: &BTreeMap<&str, usize>) {
        let of = |name: &str| -> Vec<usize> {
            let named = element.children.iter().filter(|child| child.name == name);
            named.filter_map(|child| local.get(child.get("id")?)).copied().collect()
        };
        let starts = of("startEvent");
        let place = Place { path: scope.path.clone(), line: element.line };
        let name = called(element);
        if starts.is_empty() {
            let message = format!("{name} has no start event.");
            self.report.note(code::IMPORT_NO_START, &place, message, "Draw a start event.");
        }
        if let Some(second) = starts.get(1) {
            let at = self.graph.nodes[*second].at.clone();
            let message = format!("{name} has {} start events.", starts.len());
            let remedy = "Keep one: a dossier begins in one place.";
            self.report.note(code::IMPORT_SEVERAL_STARTS, &at, message, remedy);
        }
        let Some(sub) = scope.sub else {
            self.graph.start = starts.first().copied();
            return;
        };
        let (enter, leave) = (self.graph.subs[sub].enter, self.graph.subs[sub].leave);
        if let Some(start) = starts.first() {
            self.connect(&Element::default(), scope, enter, *start);
        }
        for end in of("endEvent") {
            if self.graph.nodes[end].kind == Kind::End {
                continue;
            }
            self.connect(&Element::default(), scope, end, leave);
        }
    }

    /// Two elements with one id cannot be told apart.
    fn duplicates(&mut self, process: &Element) {
        let mut seen = BTreeSet::new();
        let mut open = vec![process];
        while let Some(element) = open.pop() {
            if element.namespace == MODEL
                && let Some(id) = element.get("id")
                && !seen.insert(id)
            {
                let place = Place { path: place_of("/", element), line: element.line };
                let message = format!("The id {} stands twice.", quoted(id));
                let remedy = "Give each element an id of its own.";
                self.report.note(code::IMPORT_DUPLICATE_ID, &place, message, remedy);
            }
            open.extend(&element.children);
        }
    }

    /// What stands outside the process.
    fn beside(&mut self, root: &Element, process: &Element) {
        let ours = root.children.iter().filter(|child| child.namespace == MODEL);
        for flow in ours.flat_map(|child| &child.children) {
            if flow.name == "messageFlow" {
                let path = place_of("/definitions/collaboration", flow);
                let place = Place { path, line: flow.line };
                let message = format!("The message flow {} has no equivalent.", called(flow));
                let remedy = "Express what it does by an action, or leave it.";
                self.report.note(code::IMPORT_NO_EQUIVALENT, &place, message, remedy);
            }
        }
        if process.get("isExecutable") == Some("false") {
            let place = Place { path: place_of("/definitions", process), line: process.line };
            let message =
                "The process says that it is not executable: a drawing may leave out much.";
            let remedy = "Read the draft against the law, not against the drawing.";
            self.report.note(code::IMPORT_NO_EQUIVALENT, &place, message, remedy);
        }
    }

    fn place(&self, element: &Element, scope: &Scope) -> Place {
        Place { path: place_of(&scope.path, element), line: element.line }
    }

    fn trigger(&mut self, element: &Element, scope: &Scope) {
        if definition(element).is_some() {
            self.no_equivalent(element, scope, "what starts it: a dossier begins when it is filed");
        }
    }

    fn automatic(&mut self, element: &Element, scope: &Scope) {
        let message = format!("{} is carried out by a program.", called(element));
        let remedy = "Write who does it: role `front_end` for a program, or `act: proceed`.";
        let place = self.place(element, scope);
        self.report.note(code::IMPORT_AUTOMATIC_TASK, &place, message, remedy);
    }

    /// Says that an element is left out, with the flows at it.
    fn unsupported(&mut self, element: &Element, scope: &Scope, what: &str) {
        self.left_out.extend(element.get("id").map(str::to_owned));
        self.declined(element, scope, what);
    }

    /// Says that an element is kept as something else than it is.
    fn declined(&mut self, element: &Element, scope: &Scope, what: &str) {
        let found = definition(element).map(|found| format!(" with {}", found.name));
        let (kind, found) = (&element.name, found.unwrap_or_default());
        let message =
            format!("{} is a {kind}{found}, which is not carried over. {what}", called(element));
        let remedy = "Draw it with tasks, gateways and timers, or write it by hand.";
        let place = self.place(element, scope);
        self.report.note(code::IMPORT_UNSUPPORTED, &place, message, remedy);
    }

    fn no_equivalent(&mut self, element: &Element, scope: &Scope, what: &str) {
        let message = format!("{}: no equivalent for {what}.", called(element));
        let remedy = "Express what it does by hand, or leave it.";
        let place = self.place(element, scope);
        self.report.note(code::IMPORT_NO_EQUIVALENT, &place, message, remedy);
    }

    fn lanes_of(&self, element: &Element, scope: &Scope) -> Vec<String> {
        let own = element.get("id").and_then(|id| self.roles.get(id));
        own.unwrap_or(&scope.lanes).clone()
    }

    /// Says once for an element what others added to it that is not read.
    fn foreign(&mut self, element: &Element, scope: &Scope) {
        let names = foreign(element);
        if !names.is_empty() {
            let names: Vec<String> = names.into_iter().take(FOREIGN_MAX).map(quoted).collect();
            let what = format!("what a tool added to it: {}", names.join(", "));
            self.no_equivalent(element, scope, &what);
        }
    }

    /// Lanes and candidates.
    fn roles_of(&self, element: &Element, scope: &Scope) -> Vec<String> {
        let mut roles = self.lanes_of(element, scope);
        let extension = element.child("extensionElements");
        let inner = extension.iter().flat_map(|found| &found.children);
        for holder in std::iter::once(element).chain(inner) {
            let named = holder.attributes.iter().filter(|found| is_role(found));
            let names = named.flat_map(|found| found.value.split(','));
            roles.extend(names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()));
        }
        for owner in ["potentialOwner", "humanPerformer", "performer"] {
            let text = element.child(owner).and_then(|o| o.child("resourceAssignmentExpression"));
            let text = text.and_then(|found| found.child("formalExpression"));
            roles.extend(text.map(|found| found.text.trim().to_owned()));
        }
        roles.sort();
        roles.dedup();
        roles
    }
}

/// The event definition of an event.
fn definition(element: &Element) -> Option<&Element> {
    let is_definition =
        |child: &&Element| child.namespace == MODEL && child.name.ends_with("EventDefinition");
    element.children.iter().find(is_definition)
}

fn called(element: &Element) -> String {
    let named = element.get("name").map(str::trim).filter(|name| !name.is_empty());
    quoted(named.or(element.get("id")).unwrap_or(&element.name))
}
