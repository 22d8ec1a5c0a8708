//! Trait objects and hidden types, of which only the bounds are known.

use syn::{CapturedParam, GenericArgument, PathArguments, TraitBound, TypeParamBound};

use super::{Flow, Walk, binder};
use crate::lifetimes::declared::name;
use crate::lifetimes::facts::{Name, Names, STATIC, Standing};

impl Walk<'_> {
    /// Walks the bounds of a trait object (`is_dyn`) or of a hidden type.
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
                    let of_bound = binder(bound.lifetimes.as_ref());
                    let mut found = self.binding(of_bound, |walk| walk.path(&bound.path, true));
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
        // An object's own lifetime outlives every lifetime that the implementors of its traits outlive. If the object
        // has no written lifetime, its own lifetime is that of its traits or, if that one is late-bound, that of its
        // place.
        outlived.retain(|it| !outer.is_empty() || it != STATIC);
        let own = if outer.is_empty() {
            &self.defaults
        } else {
            &outer
        };
        for (lifetime, at) in own.clone() {
            let own = Names::from([(lifetime, true)]);
            for outlived in &outlived {
                self.imply((outlived, node), (&own, at), Standing::Implied);
            }
        }
        for (lifetime, outer) in outer {
            self.imply((&lifetime, outer), (&names, node), Standing::Implied);
            names.insert(lifetime, true);
        }
        names
    }

    /// Returns the lifetimes that every implementor of a bound's trait outlives. Gives names to those that the bound
    /// elides.
    fn outlived(&mut self, bound: &mut TraitBound) -> Vec<Name> {
        if let Some(last) = bound.path.segments.last_mut() {
            let traits = self.definitions.traits(&last.ident.to_string());
            let count = traits.iter().map(|it| it.lifetimes.len()).max();
            self.fill(last, count.unwrap_or_default());
            self.name_given(last);
        }
        let mut all = self.definitions.outlived(bound);
        // Each implementor of an unknown trait is assumed to outlive every lifetime among the trait's arguments.
        if let Some(last) = bound.path.segments.last()
            && self.definitions.is_unknown_trait(&bound.path)
            && let PathArguments::AngleBracketed(given) = &last.arguments
        {
            let given = given.args.iter().filter_map(|it| match it {
                GenericArgument::Lifetime(it) => Some(name(it)),
                _ => None,
            });
            all.extend(given);
        }
        let bound_names = binder(bound.lifetimes.as_ref());
        // A lifetime that the bound's own `for<…>` binds may be any lifetime, including `'static`.
        let all = all.into_iter().map(|it| match bound_names.contains(&it) {
            true => STATIC.to_owned(),
            false => self.meaning(&it),
        });
        all.collect()
    }
}
