//! The XML of a picture: the process, then the places of everything in it.

use motcua_procedures::Definition;

use super::Language;
use super::layout::Laid;
use super::scene::{Edge, Scene, Shape, ShapeKind};
use crate::bpmn::{CEL, MODEL, OURS};

/// Space around the whole picture.
const MARGIN: i32 = 60;
/// Space around the inside of a sub-process.
const PADDING: i32 = 40;

/// Writes the document.
pub(super) fn write(
    definition: &Definition,
    language: Language,
    scene: &Scene,
    laid: &Laid,
) -> String {
    let name = match language {
        Language::Vi => &definition.name.vi,
        Language::En => &definition.name.en,
    };
    let mut xml = Xml { text: String::new(), depth: 0 };
    xml.text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.open(
        "bpmn:definitions",
        &[
            ("xmlns:bpmn", MODEL.into()),
            ("xmlns:bpmndi", "http://www.omg.org/spec/BPMN/20100524/DI".into()),
            ("xmlns:dc", "http://www.omg.org/spec/DD/20100524/DC".into()),
            ("xmlns:di", "http://www.omg.org/spec/DD/20100524/DI".into()),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance".into()),
            ("xmlns:motcua", OURS.into()),
            ("id", "_definitions".into()),
            ("targetNamespace", OURS.into()),
            ("exporter", "motcua".into()),
        ],
    );
    xml.open(
        "bpmn:process",
        &[
            ("id", "_process".into()),
            ("name", name.clone()),
            ("isExecutable", "true".into()),
            ("motcua:vi", definition.name.vi.clone()),
            ("motcua:en", definition.name.en.clone()),
            ("motcua:procedure", definition.code.clone()),
            ("motcua:version", definition.version.clone()),
        ],
    );
    xml.scene(scene);
    xml.close("bpmn:process");
    xml.open("bpmndi:BPMNDiagram", &[("id", "_diagram".into())]);
    let plane = [("id", "_plane".into()), ("bpmnElement", "_process".into())];
    xml.open("bpmndi:BPMNPlane", &plane);
    xml.places(scene, laid, (MARGIN, MARGIN));
    xml.close("bpmndi:BPMNPlane");
    xml.close("bpmndi:BPMNDiagram");
    xml.close("bpmn:definitions");
    xml.text
}

type Attributes = [(&'static str, String)];

struct Xml {
    text: String,
    depth: usize,
}

impl Xml {
    fn tag(&mut self, name: &str, attributes: &Attributes, end: &str) {
        self.text.push_str(&"  ".repeat(self.depth));
        self.text.push('<');
        self.text.push_str(name);
        for (key, value) in attributes {
            self.text.push_str(&format!(" {key}=\"{}\"", escaped(value)));
        }
        self.text.push_str(end);
        self.text.push('\n');
    }

    fn open(&mut self, name: &str, attributes: &Attributes) {
        self.tag(name, attributes, ">");
        self.depth += 1;
    }

    fn empty(&mut self, name: &str, attributes: &Attributes) {
        self.tag(name, attributes, " />");
    }

    fn close(&mut self, name: &str) {
        self.depth -= 1;
        self.tag(&format!("/{name}"), &[], ">");
    }

    fn line(&mut self, name: &str, attributes: &Attributes, text: &str) {
        self.tag(name, attributes, &format!(">{}</{name}>", escaped(text)));
    }

    fn scene(&mut self, scene: &Scene) {
        let mut incoming = vec![Vec::new(); scene.shapes.len()];
        let mut outgoing = vec![Vec::new(); scene.shapes.len()];
        for edge in &scene.edges {
            outgoing[edge.from].push(edge.id.as_str());
            incoming[edge.to].push(edge.id.as_str());
        }
        for (index, shape) in scene.shapes.iter().enumerate() {
            self.shape(scene, shape, &incoming[index], &outgoing[index]);
        }
        for edge in &scene.edges {
            self.edge(scene, edge);
        }
    }

    fn shape(&mut self, scene: &Scene, shape: &Shape, incoming: &[&str], outgoing: &[&str]) {
        let mut attributes = vec![("id", shape.id.clone())];
        attributes.extend(shape.attributes.iter().cloned());
        if let Some(default) = shape.default {
            attributes.push(("default", scene.edges[default].id.clone()));
        }
        let name = match &shape.kind {
            ShapeKind::Start => "bpmn:startEvent",
            ShapeKind::End => "bpmn:endEvent",
            ShapeKind::Task => "bpmn:userTask",
            ShapeKind::Exclusive => "bpmn:exclusiveGateway",
            ShapeKind::Parallel => "bpmn:parallelGateway",
            ShapeKind::Inclusive => "bpmn:inclusiveGateway",
            ShapeKind::Sub(..) => "bpmn:subProcess",
            ShapeKind::Boundary(host, _) => {
                attributes.push(("attachedToRef", scene.shapes[*host].id.clone()));
                "bpmn:boundaryEvent"
            }
        };
        self.open(name, &attributes);
        if let Some(text) = &shape.documentation {
            self.line("bpmn:documentation", &[], text);
        }
        incoming.iter().for_each(|id| self.line("bpmn:incoming", &[], id));
        outgoing.iter().for_each(|id| self.line("bpmn:outgoing", &[], id));
        self.inside(shape);
        self.close(name);
    }

    fn inside(&mut self, shape: &Shape) {
        match &shape.kind {
            ShapeKind::Sub(inside, is_multiple) => {
                if *is_multiple {
                    let none = [("isSequential", "false".to_owned())];
                    self.empty("bpmn:multiInstanceLoopCharacteristics", &none);
                }
                self.scene(inside);
            }
            ShapeKind::Boundary(_, Some(duration)) => {
                self.open(
                    "bpmn:timerEventDefinition",
                    &[("id", format!("_timer_of_{}", shape.id))],
                );
                let attributes = [
                    ("xsi:type", "bpmn:tFormalExpression".to_owned()),
                    ("motcua:amount", duration.amount.to_string()),
                    ("motcua:unit", duration.unit.clone()),
                ];
                self.line("bpmn:timeDuration", &attributes, &duration.iso);
                self.close("bpmn:timerEventDefinition");
            }
            ShapeKind::Boundary(_, None) => {
                let id = [("id", format!("_message_of_{}", shape.id))];
                self.empty("bpmn:messageEventDefinition", &id);
            }
            ShapeKind::Start
            | ShapeKind::End
            | ShapeKind::Task
            | ShapeKind::Exclusive
            | ShapeKind::Parallel
            | ShapeKind::Inclusive => {}
        }
    }

    fn edge(&mut self, scene: &Scene, edge: &Edge) {
        let mut attributes = vec![
            ("id", edge.id.clone()),
            ("sourceRef", scene.shapes[edge.from].id.clone()),
            ("targetRef", scene.shapes[edge.to].id.clone()),
        ];
        attributes.extend(edge.attributes.iter().cloned());
        match &edge.condition {
            None => self.empty("bpmn:sequenceFlow", &attributes),
            Some(condition) => {
                self.open("bpmn:sequenceFlow", &attributes);
                let attributes = [
                    ("xsi:type", "bpmn:tFormalExpression".to_owned()),
                    ("language", CEL.to_owned()),
                ];
                self.line("bpmn:conditionExpression", &attributes, condition);
                self.close("bpmn:sequenceFlow");
            }
        }
    }

    /// Places of a scene whose upper left corner is at `corner`.
    fn places(&mut self, scene: &Scene, laid: &Laid, corner: (i32, i32)) {
        for (index, shape) in scene.shapes.iter().enumerate() {
            let place = laid.places[index];
            let (x, y) = (corner.0 + place.x, corner.1 + place.y);
            let id = format!("_shape_of_{}", shape.id);
            let mut attributes = vec![("id", id), ("bpmnElement", shape.id.clone())];
            match shape.kind {
                ShapeKind::Sub(..) => attributes.push(("isExpanded", "true".into())),
                ShapeKind::Exclusive => attributes.push(("isMarkerVisible", "true".into())),
                ShapeKind::Start
                | ShapeKind::End
                | ShapeKind::Task
                | ShapeKind::Parallel
                | ShapeKind::Inclusive
                | ShapeKind::Boundary(..) => {}
            }
            self.open("bpmndi:BPMNShape", &attributes);
            let bounds = [
                ("x", x.to_string()),
                ("y", y.to_string()),
                ("width", place.width.to_string()),
                ("height", place.height.to_string()),
            ];
            self.empty("dc:Bounds", &bounds);
            self.close("bpmndi:BPMNShape");
            if let (ShapeKind::Sub(inside, _), Some(laid)) = (&shape.kind, laid.insides.get(&index))
            {
                self.places(inside, laid, (x + PADDING, y + PADDING));
            }
        }
        for (edge, way) in scene.edges.iter().zip(&laid.ways) {
            let id = format!("_edge_of_{}", edge.id);
            let attributes = [("id", id), ("bpmnElement", edge.id.clone())];
            self.open("bpmndi:BPMNEdge", &attributes);
            for (x, y) in way {
                let point = [("x", (corner.0 + x).to_string()), ("y", (corner.1 + y).to_string())];
                self.empty("di:waypoint", &point);
            }
            self.close("bpmndi:BPMNEdge");
        }
    }
}

/// Text of an attribute or element; what XML cannot hold becomes a space.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push(' '),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
