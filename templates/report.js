(()=>{"use strict";
const B=document.body,D=B.dataset,Q=(s,e=document)=>e.querySelector(s),A=(s,e=document)=>[...e.querySelectorAll(s)],
tip=Q("#tip"),whole=Q("#whole"),cmp=Q("#cmp"),stale=Q("#stale"),taken=+D.taken,P=Q(".pl"),
[X,Y,W,H]=P?P.getAttribute("viewBox").split(" ").map(Number):[],
now=()=>Q(".r"+(Q(".rs>input:checked")||{}).value),
svg=(p,t,c)=>{const e=document.createElementNS(Q("svg").namespaceURI,t);e.setAttribute("class",c);p.append(e);return e},
one=(p,c)=>Q("."+c,p)||svg(p,"path",c),
short=v=>v>=99.95?v.toFixed(0):+v.toFixed(v>=9.995?1:2)+"",
form=(v,f)=>{if(f!="b"&&f!="r")return short(v)+(f=="p"?" %":"");let u=0;for(;v>=1023.5&&u<5;u++)v/=1024;return short(v)+" "+["B","KiB","MiB","GiB","TiB","PiB"][u]+(f=="r"?"/s":"")},
time=(t,n)=>new Date((t+ +D.zone)*1e3).toISOString().slice(0,n).replace("T"," "),
points=p=>{if(!p.at){p.at=[];for(const m of p.getAttribute("d").matchAll(/M(-?\d+) (-?\d+)l([^Mz]*)/g)){let x=+m[1],y=+m[2],n=m[3].match(/-?\d+/g)||[];p.at.push([x,y]);for(let i=0;i<n.length;i+=2)p.at.push([x+=+n[i],y+=+n[i+1]])}}return p.at},
near=(p,x)=>{let b;for(const q of points(p))if(!b||Math.abs(q[0]-x)<Math.abs(b[0]-x))b=q;return b&&Math.abs(b[0]-x)<W/40?b:0},
put=(p,t,c,s)=>{const e=document.createElement(t);e.className=c;if(s!=null)e.textContent=s;p.append(e);return e};
let zoom=0,drag=0;
const hide=()=>{tip.hidden=true;A(".y,.zz").forEach(e=>e.remove())},
view=z=>{zoom=z;whole.hidden=!z;
 A(".pl").forEach(p=>{const[a,b]=z&&now().contains(p)?z:[0,1];p.setAttribute("viewBox",`${X+a*W} ${Y} ${(b-a)*W} ${H}`)});
 A("text.t").forEach(e=>e.remove());A("text.c").forEach(e=>e.style.display="");
 if(z){const R=now(),a=+R.dataset.from,b=R.dataset.to-a;A(".c>svg",R).forEach(s=>{A("text.c",s).forEach(e=>e.style.display="none");
 for(const i of[.12,.5,.88]){const e=svg(s,"text","c t");e.setAttribute("x",X+i*W);e.setAttribute("y",Y+H+32);e.textContent=time(a+b*(z[0]+i*(z[1]-z[0])),16).slice(5)}})}},
before=()=>{A(".pl .v").forEach(e=>e.remove());const d=+cmp.value,R=now();if(!d||!R)return;
 const a=R.dataset.from-d,b=R.dataset.to-d;
 A(".c",R).forEach(c=>{for(const r of A(".r")){const f=+r.dataset.from,g=r.dataset.to-f,s=A(".c",r).find(o=>o.dataset.k==c.dataset.k),p=s&&Q("[class=s0]",s);
 if(!p||f>a+9e3||f+g<b-9e3)continue;
 const o=points(p).map(q=>[Math.round(X+(f+(q[0]-X)/W*g-a)/(b-a)*W),Math.round(Y+H-(Y+H-q[1])*s.dataset.top/c.dataset.top)]).filter(q=>q[0]>=X&&q[0]<=X+W);
 if(o.length){const e=svg(Q(".pl",c),"path","v s0");e.at=o;e.setAttribute("d","M"+o.join("L"))}break}})},
keep=()=>{try{sessionStorage.osmon=JSON.stringify([scrollY,(Q(".rs>input:checked")||{}).value,zoom,cmp&&cmp.value,A(".fl input").map(i=>i.checked)])}catch{}},
spot=e=>{const c=e.target.closest&&e.target.closest(".c>svg");if(!c||!P)return;const r=c.getBoundingClientRect(),f=((e.clientX-r.left)/r.width*c.viewBox.baseVal.width-X)/W;
 return[Math.min(1,Math.max(0,f)),c.parentNode]},
move=e=>{const at=spot(e);if(!at)return hide();
 const[f,c]=at,R=c.closest(".r"),a=+R.dataset.from,b=R.dataset.to-a,z=zoom||[0,1],u=z[0]+f*(z[1]-z[0]),x=X+u*W;let t=a+u*b,n=0;
 A(".pl",R).forEach(p=>{one(p,"y").setAttribute("d",`M${x} ${Y}v${H}`);if(drag)one(p,"zz").setAttribute("d",`M${X+drag.u*W} ${Y}H${x}v${H}H${X+drag.u*W}z`)});
 tip.replaceChildren();const head=put(tip,"b","");
 const line=(p,k,s)=>{const q=p&&near(p,x);if(!q)return;n++||(t=a+(q[0]-X)/W*b);const o=put(tip,"p","");put(o,"i",k);put(o,"span","",s);put(o,"b","",form((Y+H-q[1])/H*c.dataset.top,c.dataset.f))};
 A("tbody tr",c).forEach(r=>{const k=Q("i",r).className;line(Q(`[class=${k}]`,c),k,Q("th",r).textContent)});
 if(+cmp.value)line(Q(".pl .v",c),"s0",cmp.selectedOptions[0].text);
 head.textContent=time(t,b>1e7?10:16);
 A(".e li").filter(l=>l.offsetParent&&Math.abs(l.dataset.t-t)<b*(z[1]-z[0])/90).slice(0,3).forEach(l=>put(tip,"p","q",l.textContent));
 tip.hidden=false;
 tip.style.left=Math.max(4,Math.min(e.clientX+16,innerWidth-tip.offsetWidth-8))+"px";
 tip.style.top=Math.max(4,Math.min(e.clientY+16,innerHeight-tip.offsetHeight-8))+"px";
 return u};
if(P){Q(".js").hidden=false;
addEventListener("pointermove",move);
addEventListener("pointerdown",e=>{const at=spot(e);if(at&&e.button==0)drag={u:move(e)}});
addEventListener("pointerup",e=>{const s=drag;if(!s)return;const u=move(e);drag=0;hide();if(u==null)return;
 let v=[Math.min(s.u,u),Math.max(s.u,u)];if(v[1]-v[0]<.02)return;
 const R=now(),a=+R.dataset.from,b=R.dataset.to-a,k=v.map(i=>a+i*b),r=A(".r").find(r=>r.dataset.from<=k[0]&&r.dataset.to>=k[1]);
 if(r&&r!=R){Q("#r"+r.id.slice(1)).checked=true;const f=+r.dataset.from;v=k.map(t=>(t-f)/(r.dataset.to-f));before()}view(v)});
addEventListener("scroll",hide);addEventListener("keydown",e=>{if(e.key=="Escape"){drag=0;hide();view(0)}});
whole.onclick=()=>view(0);Q(".rs").ondblclick=e=>spot(e)&&view(0);cmp.onchange=before;
Q(".rs").addEventListener("change",e=>{if(e.target.name=="r"){view(0);before();history.replaceState(0,"","#"+e.target.value)}});
const h=Q("#r"+(location.hash.slice(1)||"-"));if(h)h.checked=true}
try{const[y,r,z,c,f]=JSON.parse(sessionStorage.osmon);A(".fl input").forEach((i,n)=>i.checked=f[n]);
 if(P){const h=Q("#r"+r);if(h)h.checked=true;cmp.value=c;before();if(z)view(z)}scrollTo(0,y)}catch{}
const words=s=>s<90?Math.round(s)+" s":s<5400?Math.round(s/60)+" min":s<172800?Math.round(s/3600)+" h":Math.round(s/86400)+" d",
tick=()=>{if(!taken)return;const s=Math.max(0,(Date.now()-taken)/1e3),w=words(s);Q("#age").textContent=D.age.replace("{}",w);
 stale.hidden=s<180;if(s>=180){Q("header").className="v unknown";Q("h1").textContent=D.unknown;stale.textContent=D.old.replace("{}",w)}};
tick();setInterval(tick,1e3);addEventListener("pagehide",keep);
setInterval(()=>{if(document.visibilityState=="visible"&&tip.hidden&&!drag){keep();location.reload()}},6e4);
})();
