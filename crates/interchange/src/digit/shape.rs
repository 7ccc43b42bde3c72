//! The shapes in which business services are written down.

use crate::json::{Node, Value, below};

/// A service and its pointer.
#[derive(Clone, Debug)]
pub(crate) struct Found<'n> {
    /// The object with `businessService` and `states`.
    pub(crate) node: &'n Node,
    /// Its pointer.
    pub(crate) path: String,
}

impl Found<'_> {
    /// The code of the service, empty when it has none.
    pub(crate) fn name(&self) -> String {
        match self.node.get("businessService").map(|node| &node.value) {
            Some(Value::Text(name)) => name.clone(),
            Some(_) | None => String::new(),
        }
    }
}

/// Everything of interest in a source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources<'n> {
    /// The services.
    pub(crate) services: Vec<Found<'n>>,
    /// Master data of automatic escalations: actions that the service does by itself.
    pub(crate) escalations: Vec<Found<'n>>,
}

/// Finds services in a create request or search answer (`BusinessServices`), in a master data file
/// (`moduleName` and lists beside it), in the answer of a master data search (`MdmsRes` by module
/// and master, or `mdms` with `data`), in a list, or alone.
pub(crate) fn services(root: &Node) -> Sources<'_> {
    let mut sources = Sources::default();
    let path = String::new();
    if root.is_list() {
        list(root, &path, &mut sources);
    } else if !one(root, &path, &mut sources) {
        lists_of(root, &path, &mut sources);
        if let Some(modules) = root.get("MdmsRes") {
            let path = below(&path, "MdmsRes");
            for (name, module) in modules.entries() {
                lists_of(module, &below(&path, name), &mut sources);
            }
        }
        let records = root.get("mdms").or_else(|| root.get("Mdms"));
        let key = if root.get("mdms").is_some() { "mdms" } else { "Mdms" };
        for (index, record) in records.iter().flat_map(|node| node.items().iter().enumerate()) {
            if let Some(data) = record.get("data") {
                one(data, &format!("/{key}/{index}/data"), &mut sources);
            }
        }
        if let Some(data) = root.get("data") {
            one(data, "/data", &mut sources);
        }
    }
    sources
}

/// Takes every list of the object that holds services or escalations.
fn lists_of<'n>(node: &'n Node, path: &str, sources: &mut Sources<'n>) {
    for (key, value) in node.entries() {
        list(value, &below(path, key), sources);
        // Some set-ups keep a single service under its key.
        if matches!(key.as_str(), "BusinessService" | "workflow") {
            one(value, &below(path, key), sources);
        }
    }
}

fn list<'n>(node: &'n Node, path: &str, sources: &mut Sources<'n>) {
    for (index, item) in node.items().iter().enumerate() {
        one(item, &format!("{path}/{index}"), sources);
    }
}

/// Takes a service or an escalation; says whether it was one.
fn one<'n>(node: &'n Node, path: &str, sources: &mut Sources<'n>) -> bool {
    let found = Found { node, path: path.to_owned() };
    if node.get("businessService").is_none() || !node.is_object() {
        return false;
    }
    if node.get("states").is_some() {
        sources.services.push(found);
        return true;
    }
    if node.get("stateSLA").is_some() && node.get("action").is_some() {
        sources.escalations.push(found);
        return true;
    }
    false
}
