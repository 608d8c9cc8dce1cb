#!/usr/bin/env node
import "../dist/cli/circles.js";
