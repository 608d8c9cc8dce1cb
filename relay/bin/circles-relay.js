#!/usr/bin/env node
import "../dist/bin/circles-relay.js";
