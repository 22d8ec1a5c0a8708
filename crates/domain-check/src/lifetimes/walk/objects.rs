//! Trait objects, and hidden types: what is known of them by their bounds alone.

use syn::{CapturedParam, TraitBound, TypeParamBound};

use super::{Flow, Walk, binder};
use crate::lifetimes::facts::{Name, Names, STATIC};

impl Walk<'_> {
    /// `is_dyn` says that it is an object.
    pub(super) fn object<'b>(
        &mut self,
        bounds: impl Iterator<Item = &'b TypeParamBound>,
        is_dyn: bool,
    ) -> Names {
        self.objects += 1;
        let node = self.enter();
        let mut names = Names::new();
        let mut outer = Vec::new();
        let mut outlived = Vec::new();
        for bound in bounds {
            match bound {
                TypeParamBound::Trait(bound) => {
                    let mut bound = bound.clone();
                    if is_dyn {
                        outlived.extend(self.outlived(&mut bound));
                    }
                    let guards = std::mem::take(&mut self.guards);
                    let mut found = self.path(&bound.path, true);
                    self.guards = guards;
                    names.append(&mut found);
                }
                TypeParamBound::Lifetime(lifetime) => {
                    let lifetime = self.lifetime(Some(lifetime));
                    let node = self.enter();
                    self.occurs(&lifetime);
                    self.nodes.pop();
                    outer.push((lifetime, node));
                }
                TypeParamBound::PreciseCapture(captured) => {
                    for param in &captured.params {
                        let name = match param {
                            CapturedParam::Lifetime(lifetime) => self.lifetime(Some(lifetime)),
                            CapturedParam::Ident(name) => name.to_string(),
                            _ => continue,
                        };
                        self.flowing(Flow::Both, |walk| walk.occurs(&name));
                    }
                }
                _ => {}
            }
        }
        self.nodes.pop();
        for (lifetime, outer) in outer {
            self.imply((&lifetime, outer), (&names, node), false);
            // An object's own lifetime that is written outlives what its traits do; without one it is theirs.
            let own = Names::from([(lifetime.clone(), true)]);
            for outlived in &outlived {
                self.imply((outlived, node), (&own, outer), false);
            }
            names.insert(lifetime, true);
        }
        names
    }

    /// The lifetimes that every implementor of a bound's trait outlives. The bound's own have names then.
    fn outlived(&mut self, bound: &mut TraitBound) -> Vec<Name> {
        if let Some(last) = bound.path.segments.last_mut() {
            let traits = self.definitions.traits(&last.ident.to_string());
            let count = traits.iter().map(|it| it.lifetimes.len()).max();
            self.fill(last, count.unwrap_or_default());
            self.name_given(last);
        }
        let bound_names = binder(bound.lifetimes.as_ref());
        let all = self.definitions.outlived(bound).into_iter();
        // One that is bound may be any.
        let all = all.map(|it| match bound_names.contains(&it) {
            true => STATIC.to_owned(),
            false => self.meaning(&it),
        });
        all.collect()
    }
}
